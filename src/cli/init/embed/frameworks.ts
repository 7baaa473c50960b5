import type { EmbedTemplate } from "./embed-template.ts";
import { express } from "./express.ts";
import { fastify } from "./fastify.ts";
import { nest } from "./nest.ts";

/** By the values of `bellwether init --embed`. */
export const FRAMEWORKS = { express, fastify, nest } as const satisfies Record<string, EmbedTemplate>;
