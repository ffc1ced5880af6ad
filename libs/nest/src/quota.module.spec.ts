import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  forwardRef,
  Get,
  Headers,
  HttpCode,
  Inject,
  Injectable,
  Logger,
  type NestInterceptor,
  type ModuleMetadata,
  Module,
  type OnModuleInit,
  Param,
  ParseIntPipe,
  Post,
  Scope,
  SetMetadata,
  UseGuards,
  UseInterceptors,
  type CallHandler,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Quota } from '@sundial/contract';
import { map, type Observable } from 'rxjs';
import { countingQuota } from '../../../test/support/counting-quota.js';
import {
  closeNestApplications,
  request,
  startNestApplication,
} from '../../../test/support/nest-application.js';
import { QuotaModule } from './quota.module.js';
import { InjectQuota } from './quota.token.js';
import { RiskLimit } from './risk-limit.decorator.js';
import { RiskLimitExceededException } from './risk-limit-exceeded.exception.js';
import { Subject } from './subject.decorator.js';

@Injectable()
class SingletonService {
  @RiskLimit({ resource: 'singleton' })
  async run(@Subject('user') user: string): Promise<string> {
    return `singleton ${user}`;
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestService {
  @RiskLimit({ resource: 'request' })
  async run(@Subject('user') user: string): Promise<string> {
    return `request ${user}`;
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class TransientService {
  @RiskLimit({ resource: 'transient' })
  async run(@Subject('user') user: string): Promise<string> {
    return `transient ${user}`;
  }
}

@Injectable()
class RoundService {
  constructor(
    @Inject(forwardRef(() => AboutService)) readonly about: { run(user: string): Promise<string> },
  ) {}

  @RiskLimit({ resource: 'round' })
  async run(@Subject('user') user: string): Promise<string> {
    return this.about.run(user);
  }
}

@Injectable()
class AboutService {
  constructor(@Inject(forwardRef(() => RoundService)) readonly round: unknown) {}

  @RiskLimit({ resource: 'about' })
  async run(@Subject('user') user: string): Promise<string> {
    return `about ${user}`;
  }
}

@Controller('services')
class ServicesController {
  constructor(
    private readonly singleton: SingletonService,
    private readonly request: RequestService,
    private readonly transient: TransientService,
    private readonly round: RoundService,
  ) {}

  @Post(':service/:user')
  @HttpCode(200)
  async run(@Param('service') service: string, @Param('user') user: string): Promise<string> {
    switch (service) {
      case 'singleton':
        return this.singleton.run(user);
      case 'request':
        return this.request.run(user);
      case 'transient':
        return this.transient.run(user);
      default:
        return this.round.run(user);
    }
  }
}

@Injectable()
class RoleGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const role = this.reflector.get<string>('role', context.getHandler());
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    return headers['role'] === role;
  }
}

@Injectable()
class WrapInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((text) => ({ text: String(text) })));
  }
}

@Controller('direct')
class DirectController {
  @Get(':user')
  @UseGuards(RoleGuard)
  @UseInterceptors(WrapInterceptor)
  @RiskLimit({ resource: 'direct' })
  @SetMetadata('role', 'pupil')
  async run(
    @Subject('user') @Param('user', ParseIntPipe) user: number,
    @Headers('x-page') page: string,
  ): Promise<string> {
    return `${typeof user} ${user} ${page}`;
  }
}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
class ScopedController {
  @RiskLimit({ resource: 'scoped' })
  @Get(':user')
  async run(@Param('user') @Subject('user') user: string): Promise<string> {
    return `scoped ${user}`;
  }
}

const EVERYTHING: ModuleMetadata = {
  controllers: [ServicesController, DirectController, ScopedController],
  providers: [SingletonService, RequestService, TransientService, RoundService, AboutService],
};

function start(quota: Quota, { imports = [], ...metadata }: ModuleMetadata): Promise<NestFastifyApplication> {
  return startNestApplication({ ...metadata, imports: [QuotaModule.forRoot({ engine: quota }), ...imports] });
}

beforeAll(() => Logger.overrideLogger(false));

afterEach(closeNestApplications);

describe('QuotaModule', () => {
  it.each([
    ['singleton', 'singleton u1'],
    ['request', 'request u1'],
    ['transient', 'transient u1'],
    ['round', 'about u1'],
  ])('limits the methods of a %s provider', async (service, text) => {
    const app = await start(countingQuota(2), EVERYTHING);
    const post = () => request(app).post(`/services/${service}/u1`);
    const answers = [await post(), await post(), await post()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[0]?.text).toBe(text);
  });

  it('limits a request-scoped controller', async () => {
    const app = await start(countingQuota(1), EVERYTHING);
    const answers = [await request(app).get('/scoped/u1'), await request(app).get('/scoped/u1')];
    expect(answers.map(({ status }) => status)).toEqual([200, 429]);
  });

  it('counts a controller call after its guards and pipes, and leaves its interceptors alone', async () => {
    const quota = countingQuota(1);
    const app = await start(quota, EVERYTHING);
    const get = (user: string, role: string) =>
      request(app).get(`/direct/${user}`).set({ role, 'x-page': 'p7' });
    expect((await get('17', 'stranger')).status).toBe(403);
    expect((await get('seventeen', 'pupil')).status).toBe(400);
    expect(quota.checks).toEqual([]);
    const allowed = await get('17', 'pupil');
    expect(allowed.body).toEqual({ text: 'number 17 p7' });
    expect(quota.checks).toEqual([{ resource: 'direct', subject: { user: '17' } }]);
    expect((await get('17', 'pupil')).status).toBe(429);
  });

  it('keeps two applications in one process apart', async () => {
    const strict = await start(countingQuota(0), EVERYTHING);
    const generous = await start(countingQuota(10), EVERYTHING);
    for (const service of ['singleton', 'request', 'transient', 'round']) {
      const url = `/services/${service}/u1`;
      expect((await request(strict).post(url)).status).toBe(429);
      expect((await request(generous).post(url)).status).toBe(200);
      expect((await request(strict).post(url)).status).toBe(429);
    }
    expect((await request(strict).get('/scoped/u1')).status).toBe(429);
    expect((await request(generous).get('/scoped/u1')).status).toBe(200);
  });

  it('limits instances that Nest was given by a factory or as a value, before anything else starts', async () => {
    class Early implements OnModuleInit {
      outcome: unknown;
      constructor(@Inject('made') private readonly made: SingletonService) {}

      async onModuleInit(): Promise<void> {
        this.outcome = await this.made.run('u1');
      }
    }
    const quota = countingQuota(1);
    const app = await start(quota, {
      providers: [
        Early,
        { provide: 'made', useFactory: () => new SingletonService() },
        { provide: 'given', useValue: new SingletonService() },
      ],
    });
    expect(app.get(Early).outcome).toBe('singleton u1');
    await expect(app.get<SingletonService>('given').run('u1')).rejects.toBeInstanceOf(
      RiskLimitExceededException,
    );
    expect(quota.checks).toHaveLength(2);
  });

  it('injects its quota into every module, for calls by hand', async () => {
    @Injectable()
    class Asking {
      constructor(@InjectQuota() readonly quota: Quota) {}
    }
    @Module({ providers: [Asking] })
    class Elsewhere {}
    const quota = countingQuota(1);
    const app = await start(quota, { imports: [Elsewhere] });
    expect(app.get(Asking, { strict: false }).quota).toBe(quota);
  });

  it('takes its options from a factory with dependencies', async () => {
    const quota = countingQuota(0);
    @Module({ providers: [{ provide: 'engine', useValue: quota }], exports: ['engine'] })
    class Engine {}
    const testing = await Test.createTestingModule({
      imports: [
        QuotaModule.forRootAsync({
          imports: [Engine],
          inject: ['engine'],
          useFactory: async (client: Quota) => ({ client }),
        }),
      ],
      providers: [SingletonService],
    }).compile();
    await expect(testing.get(SingletonService).run('u1')).rejects.toBeInstanceOf(RiskLimitExceededException);
    expect(quota.checks).toHaveLength(1);
  });
});
