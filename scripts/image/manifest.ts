/* The manifest beside the images: what was built, from what, and how each is booted. */

export const MANIFEST = "manifest.json";

export const FORMATS = ["initramfs", "ext4", "erofs", "qcow2", "disk", "oci", "tar"] as const;
export type Format = (typeof FORMATS)[number];

/** How a machine boots an image. Files are named from the manifest's folder. */
export interface Boot {
  /** initrd: the image is the initramfs. raw, qcow2: a disk for the manifest's kernel. firmware: it boots by itself. */
  medium: "initrd" | "raw" | "qcow2" | "firmware";
  /** Kernel command line. */
  append?: string;
  /** An initramfs that the disk needs beside it. */
  initrd?: string;
  readOnly?: boolean;
}

export interface ManifestImage {
  format: Format;
  file: string;
  bytes: number;
  sha256: string;
  /** Absent: nothing that a machine boots. */
  boot?: Boot;
}

export interface ImageManifest {
  title: string;
  version: string;
  kernel?: { file: string; release: string; package?: string; version?: string };
  images: ManifestImage[];
}
