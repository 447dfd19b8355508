import assert from "node:assert/strict";
import { test } from "node:test";
import { shownText } from "./shown-text.ts";

test("shownText() keeps colours, tabs and line ends, and ends colours with their line", () => {
  assert.equal(shownText("plain\ttext\nmore\n"), "plain\ttext\nmore\n");
  assert.equal(shownText("\x1b[1;31mred\x1b[0m and\nnot"), "\x1b[1;31mred\x1b[0m and\x1b[0m\nnot");
  assert.equal(shownText("ümläut ✓\r\n"), "ümläut ✓\n");
});

test("shownText() shows what would act on the terminal", () => {
  assert.equal(shownText("\x1b[2J\x1b]0;title\x07\x1b[31"), "^[[2J^[]0;title^G^[[31");
  assert.equal(shownText("50%\r100%\x00\x7f\x9b2J"), "50%^M100%^@^?\\x9b2J");
});
