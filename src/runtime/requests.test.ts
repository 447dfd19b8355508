import assert from "node:assert/strict";
import { test } from "node:test";
import type { Reply } from "../engine/effect.ts";
import { Requests } from "./requests.ts";

const done: Reply = { outcome: "done", results: [] };
const at = (bootMs: number) => ({ monotonicMs: bootMs, bootMs, wallMs: bootMs });
const ids = (requests: Requests, bootMs: number) => requests.unheardReplies(at(bootMs)).map(({ request }) => request);

test("Requests: a reply that its client has is kept for nobody", () => {
  const requests = new Requests();
  const heard: Reply[] = [];
  requests.wait(1, (reply) => heard.push(reply) > 0);
  requests.reply(1, done, at(5));
  assert.deepEqual([heard, ids(requests, 5)], [[done], []]);
  assert.equal(
    requests.hearAgain(1, () => true),
    false,
  );
});

test("Requests: a reply that nobody heard, or not all of it, is kept until somebody does", () => {
  const requests = new Requests();
  requests.wait(2, () => false);
  requests.reply(2, done, at(5));
  requests.reply(1, done, at(5));
  requests.keep({ request: 3, reply: done, sinceBootMs: 5 });
  assert.deepEqual(ids(requests, 5), [2, 1, 3]);
  assert.equal(
    requests.hearAgain(1, () => false),
    true,
  );
  assert.deepEqual(ids(requests, 5), [2, 1, 3]);
  const again: Reply[] = [];
  assert.equal(
    requests.hearAgain(1, (reply) => again.push(reply) > 0),
    true,
  );
  assert.deepEqual([again, ids(requests, 5)], [[done], [2, 3]]);
});

test("Requests: no reply is kept for ever, nor are more than there can be clients", () => {
  const requests = new Requests();
  for (let id = 1; id <= 600; id++) requests.reply(id, done, at(id));
  assert.deepEqual([ids(requests, 600)[0], ids(requests, 600).length], [89, 512]);
  assert.deepEqual(ids(requests, 15_000 + 600), [600]);
  assert.deepEqual(ids(requests, 15_000 + 601), []);
});
