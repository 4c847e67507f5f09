/**
 * The camera of the check-in screen: frames to the decoder, one at a time, as fast as it reads them. It runs only while
 * its screen is seen.
 */

/**
 * @typedef {"off" | "starting" | "on" | "denied" | "missing" | "busy" | "insecure" | "undecodable"} CameraState
 */
/** @typedef {(image: ImageData) => Promise<string | null>} Decode */

/** Between two frames at least: leaves the phone cool through twenty minutes. */
const PAUSE_MS = 60;

/** @type {Promise<Decode> | null} */
let decoder = null;

/**
 * The decoder, in a worker where module workers exist, else in this thread (slower, still right).
 * @returns {Promise<Decode>}
 */
export function loadDecoder() {
  decoder ??= inWorker().catch(inPage);
  decoder.catch(() => {
    decoder = null;
  });
  return decoder;
}

/** @returns {Promise<Decode>} */
function inWorker() {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./decoder-worker.js", import.meta.url), { type: "module" });
    /** @type {((text: string | null) => void) | null} */
    let waiting = null;
    worker.onerror = () => {
      worker.terminate();
      waiting?.(null);
      decoder = null;
      reject(new Error("no module worker"));
    };
    worker.onmessage = ({ data }) => {
      if (data.ready) {
        resolve(
          (image) =>
            new Promise((got) => {
              waiting = got;
              worker.postMessage({ pixels: image.data.buffer, width: image.width, height: image.height }, [
                image.data.buffer,
              ]);
            }),
        );
      } else if (data.failed && !waiting) {
        worker.terminate();
        reject(new Error(data.failed));
      } else {
        waiting?.(data.text ?? null);
      }
    };
    worker.postMessage({ warm: true });
  });
}

/** @returns {Promise<Decode>} */
async function inPage() {
  const { loadReader } = await import("./decoder.js");
  const reader = await loadReader();
  return (image) => reader.read(image);
}

/**
 * @param {unknown} error
 * @returns {CameraState}
 */
function stateOf(error) {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    default:
      return "busy";
  }
}

export class Camera {
  /** @type {CameraState} */
  state = "off";
  /** @type {MediaStream | null} */
  #stream = null;
  /** @type {WakeLockSentinel | null} */
  #awake = null;
  #run = 0;
  #wanted = false;

  /**
   * @param {HTMLVideoElement} video
   * @param {{ onText: (text: string) => void, onState: (state: CameraState) => void }} to
   */
  constructor(video, to) {
    this.video = video;
    this.to = to;
    this.canvas = document.createElement("canvas");
    this.onVisibility = () => {
      if (document.hidden) this.#halt("off");
      else if (this.#wanted) void this.start();
    };
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  /** @returns {boolean} whether the camera has a lamp */
  get hasTorch() {
    try {
      const track = this.#stream?.getVideoTracks()[0];
      return Boolean(/** @type {any} */ (track?.getCapabilities?.())?.torch);
    } catch {
      return false; // a camera that does not say what it can still reads cards
    }
  }

  async start() {
    this.#wanted = true;
    if (this.state === "on" || this.state === "starting") return;
    if (!navigator.mediaDevices?.getUserMedia) {
      this.#say(window.isSecureContext ? "missing" : "insecure");
      return;
    }
    this.#run += 1;
    const run = this.#run;
    this.#say("starting");
    const decoding = loadDecoder();
    decoding.catch(() => {});
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
      });
      if (run !== this.#run) {
        for (const track of stream.getTracks()) track.stop();
        return;
      }
      this.#stream = stream;
      // Another app took the camera, or the cable of a desk camera went.
      stream.getVideoTracks()[0]?.addEventListener("ended", () => this.#halt("busy"));
      this.video.srcObject = stream;
      await this.video.play();
    } catch (error) {
      if (run === this.#run) this.#halt(stateOf(error));
      return;
    }
    try {
      const decode = await decoding;
      if (run !== this.#run) return;
      this.#say("on");
      void this.#keepAwake();
      void this.#look(decode, run);
    } catch {
      if (run === this.#run) this.#halt("undecodable");
    }
  }

  stop() {
    this.#wanted = false;
    this.#halt("off");
  }

  /** The screen is left for good. */
  dispose() {
    document.removeEventListener("visibilitychange", this.onVisibility);
    this.to = { onText: () => {}, onState: () => {} };
    this.stop();
  }

  /** @param {boolean} on */
  async torch(on) {
    const track = this.#stream?.getVideoTracks()[0];
    try {
      await track?.applyConstraints({ advanced: [/** @type {any} */ ({ torch: on })] });
      return on;
    } catch {
      return false;
    }
  }

  /**
   * @param {Decode} decode
   * @param {number} run
   */
  async #look(decode, run) {
    const context = this.canvas.getContext("2d", { willReadFrequently: true });
    while (run === this.#run && context) {
      const { videoWidth: width, videoHeight: height } = this.video;
      if (width && height && !this.video.paused) {
        if (this.canvas.width !== width || this.canvas.height !== height) {
          this.canvas.width = width;
          this.canvas.height = height;
        }
        context.drawImage(this.video, 0, 0, width, height);
        const text = await decode(context.getImageData(0, 0, width, height)).catch(() => null);
        if (run !== this.#run) return;
        if (text) this.to.onText(text);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async #keepAwake() {
    try {
      this.#awake = (await navigator.wakeLock?.request("screen")) ?? null;
    } catch {
      this.#awake = null; // battery saver: the screen goes dark as the phone is set
    }
  }

  /** @param {CameraState} state */
  #halt(state) {
    this.#run += 1;
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.video.srcObject = null;
    void this.#awake?.release().catch(() => {});
    this.#awake = null;
    this.#say(state);
  }

  /** @param {CameraState} state */
  #say(state) {
    this.state = state;
    this.to.onState(state);
  }
}
