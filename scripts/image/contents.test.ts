/* The parts of an image's contents that need no network: users, packages' scripts, what programs need. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ImageConfiguration } from "./configuration.ts";
import { copiesOfScript, parseSimulation, usersOfScript } from "./debian.ts";
import { addLayout } from "./layout.ts";
import { missingForServices } from "./libraries.ts";
import { readImageOptions } from "./options.ts";
import { modeOf, Tree } from "./tree.ts";
import { addUsers, imageUsers } from "./users.ts";
import { addZoneFiles } from "./zone-files.ts";

function textOf(tree: Tree, path: string): string {
  const entry = tree.find(path);
  return entry?.kind === "file" ? entry.content().toString() : "";
}

type User = ImageConfiguration["users"][number];

function user(name: string, more: Partial<User> = {}): User {
  return { name, uid: null, gid: null, home: "", shell: "/usr/sbin/nologin", groups: [], ...more };
}

test("addUsers() gives free numbers, makes missing groups and homes, and no password", () => {
  const tree = new Tree();
  addUsers(tree, [user("web", { uid: 100, home: "/srv/web", groups: ["tty", "shop"] }), user("log")], "/bin/sh");
  assert.match(textOf(tree, "etc/passwd"), /^root:x:0:0:root:\/root:\/bin\/sh\nweb:x:100:100:web:\/srv\/web:/);
  assert.match(textOf(tree, "etc/passwd"), /^log:x:101:101:log:\/nonexistent:\/usr\/sbin\/nologin$/m);
  assert.match(textOf(tree, "etc/group"), /^tty:x:5:web$/m);
  assert.match(textOf(tree, "etc/group"), /^shop:x:102:web$/m);
  assert.match(textOf(tree, "etc/group"), /^log:x:101:$/m);
  assert.match(textOf(tree, "etc/shadow"), /^root:\*:/m);
  assert.equal(tree.find("etc/shadow")?.kind === "file" && modeOf(tree.find("etc/shadow") as never), 0o100640);
  const home = tree.find("srv/web");
  assert.deepEqual([home?.kind, home?.uid, home?.gid], ["folder", 100, 100]);
  assert.throws(() => addUsers(new Tree(), [user("a", { uid: 7 }), user("b", { uid: 7 })], ""), /number 7 is another/);
});

test("addLayout() makes the folders of an image, with /bin in /usr and gonit as /init", () => {
  const tree = new Tree();
  const configuration = { title: 'a "b"', version: "1", hostname: "box", services: [{ name: "web" }] };
  addLayout(tree, configuration as ImageConfiguration);
  tree.file("system/gonit", "", 0o755);
  for (const path of [
    "kernel",
    "programs",
    "cache/services",
    "libs/64",
    "libs/multiarch",
    "system/services/web/logs",
  ]) {
    assert.equal(tree.find(path)?.kind, "folder", path);
  }
  for (const path of ["init", "sbin/init", "bin/gonit", "sbin/poweroff"]) {
    assert.equal(tree.find(path)?.path, "system/gonit", path);
  }
  assert.match(textOf(tree, "etc/os-release"), /^NAME="a \\"b\\""$/m);
  assert.equal(textOf(tree, "etc/hostname"), "box\n");
});

test("parseSimulation() reads what apt-get would install", () => {
  const text = `Reading package lists...
Inst libc6 (2.36-9+deb12u14 Debian:12.11/oldstable [amd64]) []
Inst dropbear-bin:amd64 [1] (2022.83-1+deb12u3 Debian:12.11/oldstable, Debian-Security:12/x [amd64])
Inst busybox-static (1:1.35.0-4 Debian:12.11/oldstable [amd64])
Conf libc6 (2.36-9+deb12u14 Debian:12.11/oldstable [amd64])
`;
  assert.deepEqual(parseSimulation(text), [
    { name: "libc6", version: "2.36-9+deb12u14", architecture: "amd64" },
    { name: "dropbear-bin", version: "2022.83-1+deb12u3", architecture: "amd64" },
    { name: "busybox-static", version: "1:1.35.0-4", architecture: "amd64" },
  ]);
});

test("usersOfScript() finds the users that a package's script would make", () => {
  const script = `if ! getent passwd _chrony; then
    adduser --system --group --quiet \\
      --home /var/lib/chrony --no-create-home _chrony
fi
# adduser somebody
useradd -r redis >/dev/null 2>&1
`;
  assert.deepEqual(usersOfScript(script), ["_chrony", "redis"]);
});

test("copiesOfScript() finds what ucf would put in place", () => {
  const script = `  ucf --three-way /usr/share/chrony/chrony.conf /etc/chrony/chrony.conf
ucf --debconf-ok \\
    /usr/share/a/a.conf /etc/a.conf
ucf "$template" /etc/b.conf
ucfr chrony /etc/chrony/chrony.conf
`;
  assert.deepEqual(copiesOfScript(script), [
    { source: "/usr/share/chrony/chrony.conf", target: "/etc/chrony/chrony.conf" },
    { source: "/usr/share/a/a.conf", target: "/etc/a.conf" },
  ]);
});

test("imageUsers() brings Debian's fixed users with packages; the configuration's own win", () => {
  assert.deepEqual(imageUsers({ users: [user("web")], debian: [] }), [user("web")]);
  const users = imageUsers({ users: [user("www-data", { uid: 33, home: "/srv" })], debian: ["nginx-light"] });
  assert.deepEqual(
    users.filter(({ name }) => name === "www-data").map(({ home }) => home),
    ["/srv"],
  );
  assert.ok(users.some(({ name, uid }) => name === "mail" && uid === 8));
  addUsers(new Tree(), users, "/bin/sh");
});

test("missingForServices() names programs, loaders, libraries and interpreters that are not in the image", () => {
  const tree = new Tree();
  tree.file("usr/bin/dynamic", readFileSync("/bin/sh"), 0o755);
  tree.file("usr/bin/script", "#!/usr/bin/python3 -u\n", 0o755);
  tree.file("usr/bin/by-env", "#!/usr/bin/env perl\n", 0o755);
  tree.file("usr/bin/env", "text", 0o755);
  tree.file("usr/bin/data", "no program at all", 0o755);
  const service = (name: string, ...words: string[]) => ({ name, user: "", commands: words.map((word) => [word]) });
  const problems = missingForServices(tree, [
    service("a", "dynamic"),
    service("b", "/usr/bin/script", "by-env"),
    service("c", "nowhere", "data"),
  ]);
  const expected = [
    /^\/usr\/bin\/dynamic needs \/lib.*ld-.* \(service a\)$/,
    /^\/usr\/bin\/dynamic needs the library libc\.so\.6 \(service a\)$/,
    /^\/usr\/bin\/script needs \/usr\/bin\/python3 \(service b\)$/,
    /^\/usr\/bin\/by-env needs the program perl \(service b\)$/,
    /^the service c runs nowhere, which is not in the image$/,
  ];
  for (const pattern of expected)
    assert.ok(
      problems.some((one) => pattern.test(one)),
      `${pattern}\n${problems.join("\n")}`,
    );
  assert.equal(problems.length, expected.length, problems.join("\n"));
});

test("readImageOptions() reads formats and files, and refuses what it does not know", () => {
  assert.deepEqual(readImageOptions(["--format", "ext4,oci", "--output=out", "my.yml", "--update"]), {
    formats: ["ext4", "oci"],
    output: "out",
    file: "my.yml",
    update: true,
  });
  assert.throws(() => readImageOptions(["--format", "ext3"]), /--format ext3: it is none of initramfs/);
  assert.throws(() => readImageOptions(["a", "b"]), /b is not understood/);
});

test("addZoneFiles() brings the files of zones that schedules name, unless a package has brought them", () => {
  const host = mkdtempSync(join(tmpdir(), "gonit-zones-"));
  try {
    mkdirSync(join(host, "usr/share/zoneinfo/Europe"), { recursive: true });
    writeFileSync(join(host, "usr/share/zoneinfo/Europe/Berlin"), "TZif of the host");
    const tree = new Tree();
    tree.file("usr/share/zoneinfo/Asia/Tokyo", "TZif of a package");
    addZoneFiles(tree, ["Europe/Berlin", "Asia/Tokyo"], host);
    assert.equal(textOf(tree, "usr/share/zoneinfo/Europe/Berlin"), "TZif of the host");
    assert.equal(textOf(tree, "usr/share/zoneinfo/Asia/Tokyo"), "TZif of a package");
    assert.throws(() => addZoneFiles(tree, ["Asia/Seoul"], host), /cannot bring the time zone Asia\/Seoul: .*tzdata/);
  } finally {
    rmSync(host, { recursive: true });
  }
});
