/** Lets the readers of this thread make projections. Loaded for that effect by whatever opens graphs. */

import { installProjector } from "../backend/projector.ts";
import { projectStore } from "./project.ts";

installProjector(projectStore);
