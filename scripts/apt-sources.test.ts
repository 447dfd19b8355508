import assert from "node:assert/strict";
import { test } from "node:test";
import { archiveStanzas, isSourceFile, ownSuite, parseDeb822, parseOneLine, withSuite } from "./apt-sources.ts";

const DEB822 = `# the archive
Types: deb
# an older state of it
URIs: http://archive.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/archive.gpg
Trusted: yes

Types: deb
URIs: http://archive.example/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY
 -----END PGP PUBLIC KEY BLOCK-----
`;

test("isSourceFile() takes only the names that apt reads", () => {
  const names = ["debian.sources", "a-b_c.list", "x.list.disabled", "x.sources~", "with space.list", "list"];
  assert.deepEqual(names.filter(isSourceFile), ["debian.sources", "a-b_c.list"]);
});

test("parseDeb822() reads stanzas, comments between fields and values of several lines", () => {
  const stanzas = parseDeb822(DEB822);
  assert.equal(stanzas.length, 2);
  assert.equal(stanzas[0]?.get("uris"), "http://archive.example/debian");
  assert.equal(stanzas[0]?.get("suites"), "bookworm bookworm-updates");
  assert.match(stanzas[1]?.get("signed-by") ?? "", /^\n -----BEGIN[\s\S]*\n \.\n mDMEY\n -----END/);
});

test("parseOneLine() reads options and leaves out comments", () => {
  const text = `# deb http://archive.example/debian sid main
deb [ arch=amd64,arm64 signed-by=/k.gpg trusted=yes ] http://archive.example/debian trixie main contrib # here
deb-src http://archive.example/debian trixie main
nonsense`;
  const stanzas = parseOneLine(text);
  assert.equal(stanzas.length, 2);
  assert.deepEqual(Object.fromEntries(stanzas[0] ?? []), {
    types: "deb",
    uris: "http://archive.example/debian",
    suites: "trixie",
    components: "main contrib",
    architectures: "amd64 arm64",
    "signed-by": "/k.gpg",
  });
});

test("archiveStanzas() leaves out security, updates, disabled stanzas and what others publish", () => {
  const others = parseOneLine(`deb http://packages.example/tool bookworm main
deb http://packages.example/debian bookworm stable
deb http://archive.example/debian bookworm-backports main
deb http://archive.example/debian ./`);
  const disabled = parseDeb822(DEB822.replace("Types: deb", "Enabled: no\nTypes: deb"));
  assert.deepEqual(archiveStanzas([...parseDeb822(DEB822), ...others]), parseDeb822(DEB822).slice(0, 1));
  assert.deepEqual(archiveStanzas(disabled), []);
});

test("archiveStanzas() takes a mirror of any name when none is called debian", () => {
  const mirror = parseOneLine("deb http://packages.example/os bookworm main");
  assert.deepEqual(archiveStanzas(mirror), mirror);
});

test("ownSuite() is the first that is neither security nor updates", () => {
  assert.equal(ownSuite(parseDeb822(DEB822).reverse()), "bookworm");
  assert.equal(ownSuite([]), undefined);
});

test("withSuite() asks the same archive for another suite and never trusts it unverified", () => {
  const text = withSuite(archiveStanzas(parseDeb822(DEB822)), "sid");
  assert.equal(
    text,
    `Types: deb deb-src
URIs: http://archive.example/debian
Suites: sid
Components: main
signed-by: /usr/share/keyrings/archive.gpg
`,
  );
});

test("withSuite() puts a keyring in place of the stanza's and names each address once", () => {
  const stanzas = parseOneLine(`deb http://archive.example/debian trixie main
deb-src http://archive.example/debian trixie main`);
  const text = withSuite(stanzas, "forky", "/k.pgp");
  assert.equal(text.match(/^URIs:/gm)?.length, 1);
  assert.match(text, /^signed-by: \/k\.pgp$/m);
});
