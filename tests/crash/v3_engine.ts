/** The engine under test. */

import { V3Backend } from "../../lib/v3/mod.ts";
import type { OpenEngine } from "./engine.ts";

/** Opens the V3 engine. */
export const openV3: OpenEngine = (path, options) => V3Backend.open(path, options);
