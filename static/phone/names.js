/** What people call a session and a room, in the language of the phone. */
import { locale, t } from "./i18n.js";

/** @param {{ name: string, name_en?: string }} session */
export const sessionName = (session) => (locale() === "en" && session.name_en ? session.name_en : session.name);

/**
 * A room that has nothing but a number is called "room 1".
 * @param {{ code: string, name: string } | undefined} room
 */
export function roomName(room) {
  if (!room) return "";
  return /^\d+$/.test(room.name) ? t("Room %(room)s", { room: room.name.replace(/^0+(?=\d)/, "") }) : room.name;
}
