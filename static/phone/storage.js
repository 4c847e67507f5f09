/** Whether the browser will keep what is noted, and how much room there is. It is asked once a start. */

/** @typedef {{ kept: boolean | null, freeBytes: number | null }} Storage `kept`: null where the browser cannot say */

/** @returns {Promise<Storage>} */
export async function askToKeep() {
  const { storage } = navigator;
  try {
    const kept = storage?.persist ? await storage.persist() : null;
    const { quota, usage } = (await storage?.estimate?.()) ?? {};
    return { kept, freeBytes: quota === undefined || usage === undefined ? null : Math.max(0, quota - usage) };
  } catch {
    return { kept: null, freeBytes: null };
  }
}
