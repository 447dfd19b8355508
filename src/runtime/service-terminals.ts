/**
 * The ptys of services (`tty: true`). Each is made at the first start and kept over restarts, like a log's pipe: the logger
 * reads the master, and init holds both ends, the slave as the log's write end. So the terminal, what is on its way
 * through it, and whoever is attached to it outlive the manager. Only the manager's and init's copies keep it open while
 * the service is not running.
 */

const heldPrefix = "pty:";

export class ServiceTerminals {
  private readonly masters = new Map<string, number>();

  /** Masters that init holds from an earlier manager. */
  adopt(held: { name: string; fd: number }[]): void {
    for (const { name, fd } of held)
      if (name.startsWith(heldPrefix)) this.masters.set(name.slice(heldPrefix.length), fd);
  }

  /** Makes the pty of a log source that has this slot. Its slave, or -errno. */
  open(name: string, slot: number): number {
    const pty = host.openPty();
    if (typeof pty === "number") return pty;
    const [master, slave] = pty;
    this.forget(name);
    // The master first: a slave whose master nobody has is made anew by the next manager.
    host.hold(heldPrefix + name, master);
    const error = host.logTerminal(slot, master, slave);
    if (error < 0) {
      host.releaseHeld(heldPrefix + name);
      for (const fd of pty) host.close(fd);
      return error;
    }
    this.masters.set(name, master);
    return slave;
  }

  /** -1: there is none. */
  masterOf(name: string): number {
    return this.masters.get(name) ?? -1;
  }

  forget(name: string): void {
    const master = this.masters.get(name);
    if (master === undefined) return;
    this.masters.delete(name);
    host.close(master);
    host.releaseHeld(heldPrefix + name);
  }
}
