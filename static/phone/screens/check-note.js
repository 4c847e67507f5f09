/** The proposal to check this phone. */
import { link } from "../dom.js";
import { t } from "../i18n.js";
import { note } from "../pieces.js";

/** A note with the way to the ready check. */
export const checkNote = () => {
  const words = note("warn", t("This phone has not been checked today."));
  words.querySelector(".note__body")?.append(link(t("Check this phone"), "#/ready", { icon: "check", id: "to-ready" }));
  return words;
};
