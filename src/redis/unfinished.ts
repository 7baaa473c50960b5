/** Functions that say which run of a job has not ended: put this file before the scripts that ask. */
export const UNFINISHED_LUA = new URL("./unfinished.lua", import.meta.url);
