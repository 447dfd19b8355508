/** Descriptors that the loop waits for, each with what to do when it is ready. */

export type ReadyHandler = (events: number) => void;

export class Watches {
  private readonly handlers = new Map<number, ReadyHandler>();

  /** Poll bits as in host.watch(). 0 or -errno. */
  add(fd: number, events: number, handler: ReadyHandler): number {
    this.handlers.set(fd, handler);
    return host.watch(fd, events);
  }

  change(fd: number, events: number): void {
    host.watch(fd, events);
  }

  remove(fd: number): void {
    if (this.handlers.delete(fd)) host.unwatch(fd);
  }

  dispatch(fd: number, events: number): void {
    this.handlers.get(fd)?.(events);
  }
}
