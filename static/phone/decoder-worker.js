/** Decoding off the main thread: a picture comes in, a text or null goes out, in order. */
import { loadReader } from "./decoder.js";

/** @param {unknown} message */
const answer = (message) => self.postMessage(message);

self.onmessage = async ({ data }) => {
  try {
    const reader = await loadReader();
    if (data.warm) answer({ ready: reader.name });
    else
      answer({ text: await reader.read(new ImageData(new Uint8ClampedArray(data.pixels), data.width, data.height)) });
  } catch (error) {
    answer({ failed: String(error) });
  }
};
