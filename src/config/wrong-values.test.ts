/** What people write wrong, ten of each group of keys: the message names the place, the mistake and what to write. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf } from "../../tests/config/memory-files.ts";

/** Keys of a service, what the message says of them, and of the correction. */
type Wrong = [keys: string, message: RegExp, fix: RegExp];

const groups: Record<string, Wrong[]> = {
  limits: [
    ["limits: {memory: lots}", /"lots" as a size/, /64K, 256M or 1.5G/],
    ["limits: {memory: 1k5}", /"1k5" as a size/, /256M/],
    ["limits: {memory: 0}", /it is less than 4096 bytes/, /write 4096 or more, or leave the key out/],
    ["limits: {cpu: 150%}", /"150%" as a number of cores/, /write a number such as 1.5/],
    ["limits: {cpu_weight: 0}", /from 1 to 10000/, /write a number such as 10/],
    ["limits: {pids: many}", /"many" as a number of processes/, /write a number such as 10/],
    ["limits: {files: 2}", /from 3 to/, /write a number such as 10/],
    ["limits: {nice: 20}", /from -20 to 19/, /write a number such as 10/],
    ["limits: {core: -1}", /"-1" as the size of a core file/, /64M, 0 for none, or unlimited/],
    ["limits: {memory_max: 5M}", /the key "memory_max"/, /write memory/],
    ["limits: 64M", /a text as limits/, /limits: \{memory: 128M\}/],
  ],
  sandbox: [
    ["sandbox: true", /a text as a sandbox/, /sandbox: \{no_new_privileges: true\}/],
    ["sandbox: {namespaces: [user]}", /"user" as a namespace/, /write pid or mount or net/],
    ["sandbox: {namespaces: net}", /a text as namespaces/, /write \[net\]/],
    ["sandbox: {read_only: maybe}", /"maybe" as true or false/, /write true or false/],
    ["sandbox: {writable: [/tmp]}", /writable without read_only: true/, /add read_only: true/],
    ["sandbox: {capabilities: [cap_fly]}", /"cap_fly" as a capability/, /capabilities\(7\)/],
    ["sandbox: {capabilities: [net_admn]}", /"net_admn" as a capability/, /did you mean net_admin\?/],
    ["sandbox: {no_new_privileges: 1}", /"1" as true or false/, /write true/],
    ["sandbox: {seccomp: strict}", /"strict" as a profile/, /write default or no-network/],
    ["sandbox: {private_netwrok: true}", /the key "private_netwrok"/, /did you mean private_network\?/],
  ],
  schedule: [
    ["type: task\nschedule: every day", /day: it is no duration/, /every 5m/],
    ['type: task\nschedule: "* * * *"', /it has 4 fields/, /write five fields/],
    ['type: task\nschedule: "61 * * * *"', /61 is not from 0 to 59/, /numbers from 0 to 59/],
    ['type: task\nschedule: "0 0 30 2 *"', /there is no day 30 of month 2/, /such as 28/],
    ["type: task\nschedule: every 0s", /shorter than a second/, /every 1s/],
    ['type: task\nschedule: "0 8 * * mon"\ntimezone: Mars/Olympus', /no zone file/, /Europe\/Berlin/],
    ["type: task\nschedule: every 5m\ntimezone: Europe/Berlin", /follows no clock on the wall/, /leave it out/],
    ["type: task\njitter: 5m", /there is none/, /add schedule/],
    ['type: task\nschedule: "@daily"\nmissed: always', /"always" as what becomes of a missed run/, /write skip or run/],
    ["type: task\nschedule: every 5m\noverlap: parallel", /"parallel" as what/, /write skip or queue or replace/],
    ["type: task\nschedule: every 5m\nruns: 3", /each time is one run/, /keep one of the two/],
  ],
  sockets: [
    ["sockets: 8080", /a text as sockets/, /write \[8080\]/],
    ["sockets: [8080]", /it has no address and port/, /ADDRESS:PORT/],
    ["sockets: [{name: web}]", /a socket without listen/, /add listen/],
    ['sockets: ["127.0.0.1:99999"]', /ports go from 1 to 65535/, /ADDRESS:PORT/],
    ["sockets: [{listen: /run/x, mode: 999}]", /9 is no octal digit/, /such as 0640/],
    ['sockets: [{listen: "*:80", backlog: 0}]', /from 1 to 65535/, /write a number such as 10/],
    ['sockets: [{listen: "*:80", name: "a:b"}]', /"a:b" as the name of a socket/, /letters, digits/],
    ['sockets: ["127.0.0.1:80", "127.0.0.1:80"]', /127.0.0.1:80 stands there twice/, /change one of the two/],
    ['sockets: [{listen: "*:80", lazy: maybe}]', /"maybe" as true or false/, /write true or false/],
    ['type: task\nsockets: [{listen: "*:80", lazy: true}]', /a task is not started by connections/, /change one/],
  ],
  logs: [
    ["logs: {to: file, format: xml}", /"xml" as a format/, /write text or json or raw/],
    ["logs: {to: file, max_size: big}", /"big" as a size/, /256M/],
    ["logs: {to: file, keep: -1}", /from 0 to 1000/, /write a number such as 10/],
    ["logs: {to: file, sync: soon}", /"soon" as a duration/, /500ms, 10s/],
    ["logs: {to: file, rate: 10}", /it is less than 1024 bytes/, /write 1024 or more/],
    ["logs: {to: file, line_limit: 5}", /it is less than 256 bytes/, /write 256 or more/],
    ["logs: {to: file, stderr: apart}", /"apart" as what happens/, /write merge or separate/],
    ["logs: {to: file, maxsize: 5M}", /the key "maxsize"/, /did you mean max_size\?/],
    ["logs: {to: file, prefix: sometimes}", /"sometimes" as true or false/, /write true or false/],
    ["logs: [a.log, b.log]", /a list as a way to keep logs/, /write one path/],
  ],
  health: [
    ["health: http://127.0.0.1/", /a text as a check of health/, /health: \{http: /],
    ["health: {}", /it has none of exec, http, tcp, unix/, /write exactly one/],
    ['health: {http: "127.0.0.1:80"}', /no URL that begins with http/, /http:\/\/HOST:PORT/],
    ['health: {http: "https://127.0.0.1/"}', /https is not asked/, /exec: curl/],
    ["health: {tcp: 8080}", /no host and port/, /write 127.0.0.1:8080/],
    ['health: {exec: "true", tcp: "a:1"}', /it has exec and tcp/, /write exactly one/],
    ['health: {exec: "true", interval: 0s}', /shorter than 10 ms/, /write 10ms, or longer/],
    ['health: {exec: "true", failures: 0}', /from 1 to 1000/, /write a number such as 10/],
    ['health: {exec: "true", action: reboot}', /"reboot" as what is done/, /write restart or none/],
    ['health: {exec: "true", retries: 3}', /the key "retries"/, /write failures/],
    ['type: task\nhealth: {exec: "true"}', /a task ends by itself/, /leave health out/],
  ],
  stdin: [
    ["stdin: data.txt", /"data.txt" as a standard input/, /\{file: PATH\}/],
    ['stdin: {file: ""}', /it is empty/, /leave the key out/],
    ["stdin: {from: nobody}", /"nobody": there is no such service/, /add the service/],
    ["stdin: {from: a}", /it is the service itself/, /name another service/],
    ["stdin: {from: db, file: x}", /a file and a service/, /write one of the two/],
    ["stdin: {pipe: db}", /the key "pipe"/, /known keys: file from/],
    ["stdin: tty", /the service has none/, /add tty: true/],
    ["stdin: [db]", /a list as a standard input/, /\{from: NAME\}/],
    ["stdin: {from: [db]}", /a list as the name of a service/, /write one name/],
    ["stdin: {}", /neither a file nor a service/, /write one of the two/],
    ["type: group\nstdin: {file: x}", /a group has no process/, /leave it out/],
  ],
  tty: [
    ["tty: yes", /"yes" as a terminal/, /write true/],
    ["tty: ttyS0", /"ttyS0" as a terminal/, /path of a device/],
    ["tty: {device: /dev/ttyS0}", /a map as a terminal/, /write tty: true/],
    ["tty: [pty]", /a list as a terminal/, /write tty: true/],
    ["tty: 1", /"1" as a terminal/, /write true/],
    ['tty: ""', /it is empty/, /leave the key out/],
    ["tty: /tmp/file", /nor a device below \/dev/, /path of a device/],
    ["tty: pty\nlogs: {to: file, stderr: separate}", /a terminal has one output/, /logs: \{stderr: merge\}/],
    ["tty: /dev/ttyS0\nreplicas: 2", /only one service can have the terminal/, /leave replicas out/],
    ["type: group\ntty: true", /a group has no process/, /leave it out/],
  ],
};

for (const [group, wrongs] of Object.entries(groups)) {
  test(`${group}: what is written wrong is told with its place, the mistake and the correction`, () => {
    assert.ok(wrongs.length >= 10);
    for (const [keys, message, fix] of wrongs) {
      const lines = (keys.startsWith("type: group") ? keys : `command: sleep 1\n${keys}`).split("\n");
      const own = lines.map((line) => `    ${line}\n`).join("");
      const text = problemsOf(`services:\n  - name: a\n${own}  - {name: db, command: sleep 1}\n`);
      assert.match(text, /^config\.yml:\d+:\d+: services\.a\.\S+: cannot /, keys);
      assert.match(text, /^ *\| +\^~*$/m, keys);
      assert.match(text, message, keys);
      assert.match(/^ *fix: (.*)$/m.exec(text)?.[1] ?? "", fix, `${keys}\n${text}`);
    }
  });
}
