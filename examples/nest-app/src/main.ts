import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { embedded, remote } from './quota.js';

const { SUNDIAL_URL, SUNDIAL_KEY, PORT = '3100' } = process.env;

const quota = SUNDIAL_URL ? remote(SUNDIAL_URL, SUNDIAL_KEY) : embedded();
const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(quota), new FastifyAdapter());
app.enableShutdownHooks();
await app.listen(Number(PORT), '127.0.0.1');
new Logger('Example').log(
  `Listening on ${await app.getUrl()}, limited by ${SUNDIAL_URL ?? 'an embedded Sundial'}`,
);
