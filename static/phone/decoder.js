/**
 * Reads a QR code out of a picture. The WebAssembly reader first (it reads more of the hard pictures); the small one in
 * plain JavaScript where WebAssembly cannot run or its file did not come.
 */

/** @typedef {{ name: string, read: (image: ImageData) => Promise<string | null> }} Reader */

// Our own copy, never the library's default address on somebody else's server.
const ZXING_WASM = new URL("../vendor/zxing-wasm/zxing_reader.wasm", import.meta.url).href;

/** @returns {Promise<Reader>} */
async function wasmReader() {
  const { prepareZXingModule, readBarcodes } = await import("../vendor/zxing-wasm/es/reader/index.js");
  await prepareZXingModule({ overrides: { locateFile: () => ZXING_WASM }, fireImmediately: true });
  /** @type {import("../vendor/zxing-wasm/es/reader/index.js").ReaderOptions} */
  const options = { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1 };
  return {
    name: "zxing",
    read: async (image) => (await readBarcodes(image, options))[0]?.text || null,
  };
}

/** @returns {Promise<Reader>} */
async function plainReader() {
  const { default: decode } = await import("../vendor/qr/decode.js");
  return {
    name: "qr",
    read: async (image) => {
      try {
        return decode(image);
      } catch {
        return null; // it throws where there is no code
      }
    },
  };
}

/** @type {Promise<Reader> | null} */
let reader = null;

/** @returns {Promise<Reader>} the best one that works here; loaded once */
export function loadReader() {
  reader ??= wasmReader().catch(() => plainReader());
  // A file that did not come for want of a network may come at the next try.
  reader.catch(() => {
    reader = null;
  });
  return reader;
}
