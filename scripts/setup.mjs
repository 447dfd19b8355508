/*
 * What every npm script calls: `node scripts/setup.mjs VERB [ARGUMENTS]`.
 *
 * Nothing may be installed when it runs, not even the packages of package-lock.json, so it is plain JavaScript and
 * imports nothing at its top: an old Node must get as far as the first check. It installs the npm packages, bundles
 * scripts/main.ts (Node 20 cannot run TypeScript) and hands over to it; all else is set up there.
 */
const OLDEST_NODE = 20;

const root = decodeURIComponent(new URL("..", import.meta.url).pathname).replace(/\/$/, "");

/** Shows a long step with its elapsed time: rewritten in place on a terminal, else one line at its begin and its end. */
async function step(label, work) {
  const started = Date.now();
  const terminal = process.stderr.isTTY;
  const elapsed = () => `${((Date.now() - started) / 1000).toFixed(1)} s`;
  const show = () => process.stderr.write(`\r${label} ... ${elapsed()}\x1b[K`);
  if (terminal) show();
  else process.stderr.write(`${label} ...\n`);
  const timer = terminal ? setInterval(show, 100) : undefined;
  let end = "failed after";
  try {
    const result = await work();
    end = "done in";
    return result;
  } finally {
    clearInterval(timer);
    process.stderr.write(`${terminal ? "\r" : ""}${label}: ${end} ${elapsed()}${terminal ? "\x1b[K" : ""}\n`);
  }
}

/** A failure that is told in its own words, without a stack. */
class Failure extends Error {}

function readText(fs, path) {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Whether the process that wrote a lock file still runs. Its start time tells a reused number from the owner. */
function ownerRuns(fs, owner) {
  const [pid, start] = owner.split(" ");
  const stat = readText(fs, `/proc/${pid}/stat`);
  return stat !== "" && stat.slice(stat.lastIndexOf(")")).split(" ")[20] === start;
}

/** One set-up or build at a time in this folder; returns what lets go of it. */
async function takeLock(fs) {
  const path = `${root}/.cache/lock`;
  const stat = readText(fs, "/proc/self/stat");
  const own = `${process.pid} ${stat.slice(stat.lastIndexOf(")")).split(" ")[20]}`;
  fs.writeFileSync(`${path}.${process.pid}`, own);
  for (let told = false; ; ) {
    try {
      fs.linkSync(`${path}.${process.pid}`, path);
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const owner = readText(fs, path);
    if (!ownerRuns(fs, owner)) {
      fs.rmSync(path, { force: true });
      continue;
    }
    if (!told) process.stderr.write(`Waiting for another build in this folder (process ${owner.split(" ")[0]}) ...\n`);
    told = true;
    await new Promise((wake) => setTimeout(wake, 100));
  }
  fs.rmSync(`${path}.${process.pid}`);
  const release = () => {
    if (readText(fs, path) === own) fs.rmSync(path, { force: true });
  };
  process.on("exit", release);
  return release;
}

/** One hash for the paths and contents of files, and of all files in folders. */
async function hashFiles(paths) {
  const fs = await import("node:fs");
  const { createHash } = await import("node:crypto");
  const hash = createHash("sha256");
  const add = (path) => {
    if (fs.statSync(`${root}/${path}`).isDirectory()) {
      for (const name of fs.readdirSync(`${root}/${path}`).sort()) add(`${path}/${name}`);
    } else {
      const bytes = fs.readFileSync(`${root}/${path}`);
      hash.update(`${path}\0${bytes.length}\0`).update(bytes);
    }
  };
  for (const path of paths) if (fs.existsSync(`${root}/${path}`)) add(path);
  return hash.digest("hex");
}

/** `npm ci`, when node_modules was not made from this very lock file. */
async function installPackages(fs) {
  const { createHash } = await import("node:crypto");
  const { spawn } = await import("node:child_process");
  const stamp = `${root}/node_modules/.made-from`;
  const hash = createHash("sha256")
    .update(fs.readFileSync(`${root}/package-lock.json`))
    .digest("hex");
  if (readText(fs, stamp) === hash) return;
  const npm = process.env.npm_execpath;
  const [command, before] = (npm || "").endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  const options = ["ci", "--include=dev", "--no-progress", "--loglevel=error"];
  await step("Installing npm packages", () => {
    return new Promise((resolve, reject) => {
      const child = spawn(command, [...before, ...options], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
      const output = [];
      child.stdout.on("data", (bytes) => output.push(bytes));
      child.stderr.on("data", (bytes) => output.push(bytes));
      child.on("error", (error) => reject(new Failure(`cannot run npm: ${error.message}; install npm`)));
      child.on("close", (code) => {
        if (code === 0) return resolve();
        const text = Buffer.concat(output).toString().trim();
        const offline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/.test(text);
        const hint = offline ? "\nIs this machine online?" : "";
        reject(new Failure(`cannot install the npm packages: npm ci ended with ${code}\n${text}${hint}`));
      });
    });
  });
  fs.writeFileSync(stamp, hash);
}

/** Bundles scripts/main.ts and returns its path. A file is replaced only when it changed, and in one step. */
async function bundleScripts(fs) {
  const main = `${root}/.cache/scripts/main.mjs`;
  const stamp = `${root}/.cache/scripts/made-from`;
  const inputs = await hashFiles(["package-lock.json", "scripts", "contract"]);
  if (readText(fs, stamp) === inputs && fs.existsSync(main)) return main;
  const esbuild = await import("esbuild");
  const { dirname } = await import("node:path");
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: ["scripts/main.ts"],
    outdir: ".cache/scripts",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    outExtension: { ".js": ".mjs" },
    sourcemap: "inline",
    sourcesContent: false,
    write: false,
    logLevel: "error",
  });
  for (const file of result.outputFiles) {
    if (readText(fs, file.path) === file.text) continue;
    fs.mkdirSync(dirname(file.path), { recursive: true });
    fs.writeFileSync(`${file.path}.new`, file.contents);
    fs.renameSync(`${file.path}.new`, file.path);
  }
  fs.writeFileSync(stamp, inputs);
  return main;
}

async function main() {
  const fs = await import("node:fs");
  process.setSourceMapsEnabled(true);
  process.chdir(root);
  const [verb, ...words] = process.argv.slice(2);
  if (verb === "clean") {
    for (const folder of [".cache", "dist", "coverage"])
      fs.rmSync(`${root}/${folder}`, { recursive: true, force: true });
    return 0;
  }
  try {
    fs.mkdirSync(`${root}/.cache`, { recursive: true });
    fs.accessSync(`${root}/.cache`, fs.constants.W_OK);
    fs.accessSync(root, fs.constants.W_OK);
  } catch (error) {
    throw new Failure(`cannot write to ${root}: ${error.message}; clone gonit into a folder of your own`);
  }
  const unlock = await takeLock(fs);
  await installPackages(fs);
  const { main: run } = await import(await bundleScripts(fs));
  return await run(verb, words, { root, step, unlock, hashFiles });
}

if (Number(process.versions.node.split(".")[0]) < OLDEST_NODE) {
  console.error(`gonit needs Node ${OLDEST_NODE} or newer; this is ${process.version}.`);
  process.exit(1);
}
main().then(
  (code) => process.exit(code),
  (error) => {
    const known = error instanceof Failure || error.name === "Failure";
    console.error(known ? `error: ${error.message}` : error);
    process.exit(1);
  },
);
