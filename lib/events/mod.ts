/** Publish and subscribe of committed changes. */
export { ChangeHub } from "./change_hub.ts";
export { ChangeLog, type ChangeMark, type PendingChange } from "./change_log.ts";
