import { type EmbedTemplate, OPTIONS, TYPESCRIPT } from "./embed-template.ts";

const MODULE = `/**
 * Makes each process of this service a replica of Bellwether. The jobs are in config/jobs.yaml, their handlers in jobs/.
 * In the service: \`imports: [BellwetherModule]\`, and \`app.enableShutdownHooks()\` so that SIGTERM stops it.
 */
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  ServiceUnavailableException,
} from "@nestjs/common";
import { Bellwether, type Client } from "bellwether";

@Injectable()
export class BellwetherService implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly bellwether = new Bellwether({
${OPTIONS.replaceAll(/^/gm, "  ")}
  });

  /** What operators do, for other parts of the service: \`trigger\`, \`pause\`, \`history\`. */
  get client(): Client {
    return this.bellwether.client;
  }

  /** Does not wait: while Redis is away the service serves, and /readyz says so. */
  onApplicationBootstrap(): void {
    this.bellwether.start().catch(() => {
      // Its log says why.
      process.kill(process.pid, "SIGTERM");
    });
  }

  /** Leadership moves on immediately; running handlers may end. */
  async onApplicationShutdown(): Promise<void> {
    await this.bellwether.stop();
  }
}

@Controller()
export class ProbesController {
  constructor(@Inject(BellwetherService) private readonly service: BellwetherService) {}

  @Get("livez")
  live(): object {
    const { isAlive, problems } = this.service.bellwether.health();
    if (!isAlive) throw new ServiceUnavailableException({ problems });
    return { problems };
  }

  @Get("readyz")
  ready(): object {
    const { isReady, problems } = this.service.bellwether.health();
    if (!isReady) throw new ServiceUnavailableException({ problems });
    return { problems };
  }
}

@Module({ controllers: [ProbesController], providers: [BellwetherService], exports: [BellwetherService] })
export class BellwetherModule {}
`;

const APP_MODULE = `import { Module } from "@nestjs/common";
import { BellwetherModule } from "./bellwether.module.js";

@Module({ imports: [BellwetherModule] })
export class AppModule {}
`;

const MAIN = `import { NestFactory } from "@nestjs/core";
import { AppModule } from "./app.module.js";

const app = await NestFactory.create(AppModule);
app.enableShutdownHooks(); // SIGTERM stops Bellwether, too
const port = Number(process.env["PORT"] ?? 3000);
const host = process.env["HOST"] ?? "localhost"; // 0.0.0.0 in a container
await app.listen(port, host);
`;

const TSCONFIG = `{
  "compilerOptions": {
    "target": "es2024",
    "module": "nodenext",
    "types": ["node"],
    "strict": true,
    "experimentalDecorators": true,
    "emitDecoratorMetadata": true,
    "outDir": "dist"
  },
  "include": ["src", "jobs"]
}
`;

/** The handlers stay as they are: Bellwether imports them from jobs/. */
const BUILD_CONFIG = `{
  "extends": "./tsconfig.json",
  "compilerOptions": { "rootDir": "src" },
  "include": ["src"]
}
`;

export const nest: EmbedTemplate = {
  module: () => ({ "src/bellwether.module.ts": MODULE }),
  service: {
    "src/app.module.ts": APP_MODULE,
    "src/main.ts": MAIN,
    "tsconfig.json": TSCONFIG,
    "tsconfig.build.json": BUILD_CONFIG,
  },
  scripts: {
    build: "tsc -p tsconfig.build.json",
    prestart: "npm run --silent build",
    start: "node dist/main.js",
    check: "tsc --noEmit && bellwether check",
    next: "bellwether next",
  },
  dependencies: {
    "@nestjs/common": "^12.5.1",
    "@nestjs/core": "^12.5.1",
    "@nestjs/platform-express": "^12.5.1",
    "reflect-metadata": "^0.2.2",
    rxjs: "^7.8.2",
  },
  devDependencies: TYPESCRIPT,
  advice: "imports: [BellwetherModule] in the module of the app, and app.enableShutdownHooks()",
};
