/** An entry that fails while it is loaded. */

throw new TypeError("this entry cannot be loaded");
