import 'reflect-metadata';
import { ThrottlerStorageRedisService } from '@nest-lab/throttler-storage-redis';
import { Controller, HttpCode, Module, Post, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { Redis } from 'ioredis';
import { PLENTY } from '../load/subjects.js';

const DAY_MS = 86_400_000;

@Controller()
class CheckController {
  @Post('check')
  @HttpCode(200)
  @UseGuards(ThrottlerGuard)
  check(): { allowed: boolean } {
    return { allowed: true };
  }
}

/**
 * A peer: @nestjs/throttler with its Redis storage, on Nest and Fastify as Sundial is. It counts one window, a day from
 * each user's first request, and validates nothing.
 */
@Module({
  imports: [
    ThrottlerModule.forRoot({
      throttlers: [{ limit: PLENTY, ttl: DAY_MS }],
      storage: new ThrottlerStorageRedisService(new Redis(process.env.REDIS_URL!)),
      getTracker: ({ body }) => body.subject.user,
    }),
  ],
  controllers: [CheckController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, new FastifyAdapter(), { logger: ['error', 'fatal'] });
await app.listen(Number(process.env.PORT), '127.0.0.1');
