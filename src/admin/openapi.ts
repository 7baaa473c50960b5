import swagger, { type SwaggerTransformObject } from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";

/** Describes the routes that are added after it, as OpenAPI 3.1. */
export async function addOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Bellwether",
        version: "1",
        description:
          "What operators do, over HTTP. Times are ISO 8601 in UTC; durations are in milliseconds. Errors are RFC 9457.",
        license: { name: "MIT", identifier: "MIT" },
      },
      servers: [{ url: "/", description: "Any replica." }],
      tags: [
        { name: "session", description: "Who the caller is, signing in and signing out." },
        { name: "cluster", description: "The leader, the replicas, the record, and many jobs together." },
        { name: "jobs", description: "Jobs and their ticks." },
        { name: "runs", description: "Single runs." },
      ],
      components: {
        securitySchemes: {
          token: {
            type: "http",
            scheme: "bearer",
            description: "A token of admin.tokens or admin.tokenFile.",
          },
          session: {
            type: "apiKey",
            in: "cookie",
            name: "bellwether_session_NAMESPACE",
            description: "What signing in sets. A request that acts also needs X-CSRF-Token.",
          },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
    transform: input =>
      input.url.includes("/api/v1/")
        ? jsonSchemaTransform(input)
        : { url: input.url, schema: { ...input.schema, hide: true } },
    transformObject,
  });
}

/** Bodies that may be absent are described as such, and schemas that nothing uses are left out. */
const transformObject: SwaggerTransformObject = input => {
  const document = jsonSchemaTransformObject(input) as Document;
  for (const { requestBody } of Object.values(document.paths).flatMap(path => Object.values(path))) {
    const content = requestBody?.content["application/json"];
    const [schema, ...others] = content?.schema.anyOf ?? [];
    if (!requestBody || !content || !schema || !others.some(({ type }) => type === "null")) continue;
    content.schema = schema;
    requestBody.required = false;
  }
  const { schemas } = document.components;
  const used = JSON.stringify(document.paths);
  for (const name of Object.keys(schemas)) {
    const isOfInput = name.endsWith("Input") && Object.hasOwn(schemas, name.replace(/Input$/, ""));
    if (isOfInput && !used.includes(`/schemas/${name}"`)) delete schemas[name];
  }
  return document as unknown as ReturnType<SwaggerTransformObject>;
};

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

interface Operation {
  readonly requestBody?: {
    required: boolean;
    readonly content: Readonly<Record<string, { schema: Schema }>>;
  };
}

interface Schema {
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
}
