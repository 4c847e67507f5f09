/**
 * A photo as it may leave the phone: drawn anew, so that nothing of where and with what it was taken goes along, and small
 * enough for a school's network. A PDF goes as it is.
 */

/** @typedef {{ bytes: Uint8Array<ArrayBuffer>, type: string, sha256: string }} Ready */

const LONGEST_PX = 1600;
const WANTED_BYTES = 400_000;
const MOST_BYTES = 2 * 1024 * 1024;
const QUALITIES = [0.8, 0.65, 0.5];
const PDF = "application/pdf";

/** What was chosen is no picture that this browser can read, and no PDF. */
export class NotReadable extends Error {}
/** It stays too large. */
export class TooLarge extends Error {}

/**
 * @param {File} file
 * @returns {Promise<Ready>}
 */
export async function ready(file) {
  const bytes = file.type === PDF ? new Uint8Array(await file.arrayBuffer()) : await redrawn(file);
  if (bytes.length > MOST_BYTES) throw new TooLarge();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const sha256 = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { bytes, type: file.type === PDF ? PDF : "image/jpeg", sha256 };
}

/** @param {File} file */
async function redrawn(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => {
    throw new NotReadable();
  });
  try {
    for (let longest = LONGEST_PX; ; longest /= 2) {
      const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
      for (const quality of QUALITIES) {
        const bytes = await drawn(bitmap, scale, quality);
        if (bytes.length <= WANTED_BYTES || longest <= LONGEST_PX / 4) return bytes;
      }
    }
  } finally {
    bitmap.close();
  }
}

/** @param {ImageBitmap} bitmap @param {number} scale @param {number} quality */
async function drawn(bitmap, scale, quality) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  if (!context) throw new NotReadable();
  context.fillStyle = "#fff"; // what was transparent
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  /** @type {Blob | null} */
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
  if (!blob) throw new NotReadable();
  return new Uint8Array(await blob.arrayBuffer());
}
