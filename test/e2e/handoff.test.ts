import { describeHandoffs } from "./handoffs.ts";

describeHandoffs("redis");
