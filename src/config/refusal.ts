/** Why a text is no value of some kind, and what to write instead. Parsers of single values return it beside the value. */
export class Refusal {
  /** Completes "cannot use X as Y: …". */
  readonly why: string;
  /** The correction, empty when none is known. */
  readonly fix: string;

  constructor(why: string, fix = "") {
    this.why = why;
    this.fix = fix;
  }
}
