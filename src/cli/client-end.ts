/** Thrown where a client cannot go on and has said why; main() turns it into the exit code. */
export class ClientEnd {
  readonly code: number;

  constructor(code: number) {
    this.code = code;
  }
}
