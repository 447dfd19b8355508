/** The id of this run becomes the machine's (machine-id(5)) when the root can be written at last. */

const ofRun = "/run/machine-id";
const ofMachine = "/etc/machine-id";
const bytesMax = 64;

export function keepMachineId(): void {
  const id = host.readFile(ofRun, bytesMax);
  if (typeof id === "number") return;
  host.unmount(ofMachine); // by it the id of the run is seen under the usual name
  if (host.writeFile(ofMachine, id, 0o444) === 0) host.remove(ofRun);
  else if (typeof host.stat(ofMachine) !== "number") host.mount(ofRun, ofMachine, "", bindFlag, "");
}

const bindFlag = 4096;
