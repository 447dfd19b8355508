/* A list of what is in an image, as SPDX 2.3 in JSON: gonit, the kernel, each Debian package, each file of the user's. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Contents, Prepared } from "./contents.ts";
import { uuidFor } from "./writer.ts";

export const SBOM = "sbom.spdx.json";

interface SpdxPackage {
  SPDXID: string;
  name: string;
  versionInfo: string;
  downloadLocation: string;
  filesAnalyzed: false;
  licenseConcluded: string;
  licenseDeclared: string;
  copyrightText: string;
  checksums?: { algorithm: string; checksumValue: string }[];
  externalRefs?: { referenceCategory: string; referenceType: string; referenceLocator: string }[];
}

function idOf(name: string): string {
  return `SPDXRef-${name.replaceAll(/[^A-Za-z0-9.-]/g, "-")}`;
}

function sha256(path: string): { algorithm: string; checksumValue: string }[] {
  const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
  return [{ algorithm: "SHA256", checksumValue: hash }];
}

function part(name: string, version: string, license = "NOASSERTION"): SpdxPackage {
  return {
    SPDXID: idOf(`Package-${name}`),
    name,
    versionInfo: version,
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    licenseConcluded: "NOASSERTION",
    licenseDeclared: license,
    copyrightText: "NOASSERTION",
  };
}

function debianPart(name: string, version: string, architecture: string): SpdxPackage {
  const locator = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`;
  const reference = { referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: locator };
  return { ...part(name, version), externalRefs: [reference] };
}

/** The document's text; the same for the same image. */
export function sbomOf(prepared: Prepared, contents: Contents, seconds: number, identity: string): string {
  const { configuration, kernel, packages, gonit, gonitVersion } = prepared;
  const name = configuration.title === "" ? "gonit image" : configuration.title;
  const image = part(`image ${name}`, configuration.version);
  const parts = [{ ...part("gonit", gonitVersion.replace(/^gonit /, ""), "MIT"), checksums: sha256(gonit) }];
  if (kernel !== undefined) {
    const { package: own, version = "" } = kernel.origin ?? {};
    const one = own === undefined ? part(`linux ${kernel.release}`, kernel.release) : debianPart(own, version, "amd64");
    parts.push({ ...one, checksums: sha256(kernel.file) });
  }
  for (const one of packages) {
    parts.push({ ...debianPart(one.name, one.version, one.architecture), checksums: sha256(one.file) });
  }
  for (const { target } of configuration.files) {
    const entry = contents.tree.find(target);
    if (entry?.kind !== "file") continue;
    const hash = createHash("sha256").update(entry.content()).digest("hex");
    parts.push({ ...part(`file ${target}`, ""), checksums: [{ algorithm: "SHA256", checksumValue: hash }] });
  }
  const document = {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name,
    documentNamespace: `urn:uuid:${uuidFor(identity, "sbom")}`,
    creationInfo: {
      created: new Date(seconds * 1000).toISOString().replace(".000", ""),
      creators: ["Tool: gonit-image"],
    },
    packages: [image, ...parts],
    relationships: [
      { spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES", relatedSpdxElement: image.SPDXID },
      ...parts.map(({ SPDXID }) => ({
        spdxElementId: image.SPDXID,
        relationshipType: "CONTAINS",
        relatedSpdxElement: SPDXID,
      })),
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
