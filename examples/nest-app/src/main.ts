import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import { inProcess, remote } from './quota.js';

const { SUNDIAL_URL, SUNDIAL_KEY, REDIS_URL, PORT = '3100' } = process.env;

const redis = REDIS_URL ? { redis: { url: REDIS_URL } } : {};
const quota = SUNDIAL_URL ? remote(SUNDIAL_URL, SUNDIAL_KEY) : inProcess(redis);
const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(quota), new FastifyAdapter());
app.enableShutdownHooks();
await app.listen(Number(PORT), '127.0.0.1');
new Logger('Example').log(
  `Listening on ${await app.getUrl()}, limited by ${SUNDIAL_URL ?? 'Sundial in this process'}`,
);
