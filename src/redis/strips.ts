/** Functions that keep what lists show of a job: put this file before the scripts that write records. */
export const STRIPS_LUA = new URL("./strips.lua", import.meta.url);
