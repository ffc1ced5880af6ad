import { Header, Post, SetMetadata } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import { Observable, of } from 'rxjs';
import type { FakeQuota } from './testing/fake-quota.js';
import { countingQuota } from '../../../test/support/counting-quota.js';
import { bindQuota } from './bound-quota.js';
import { RiskLimit } from './risk-limit.decorator.js';
import { Subject } from './subject.decorator.js';

/** A method decorator as many libraries have it: a plain function in place of the method. */
function Loud(suffix: string): MethodDecorator {
  return (_target, _name, descriptor: PropertyDescriptor) => {
    const method = descriptor.value as (...args: unknown[]) => Promise<string>;
    descriptor.value = function (this: unknown, ...args: unknown[]) {
      return method.apply(this, args).then((text) => text + suffix);
    };
  };
}

class OcrService {
  readonly prefix: string = 'text of ';

  @RiskLimit({ resource: 'ocr' })
  async submit(@Subject('user') userId: string, url: string): Promise<string> {
    return `${this.prefix}${url} for ${userId}`;
  }

  async submitTwice(userId: string): Promise<string[]> {
    return [await this.submit(userId, 'a'), await this.submit(userId, 'b')];
  }

  @RiskLimit({ resource: 'ocr' })
  declared(@Subject('user') _userId: string): Promise<string> {
    return Promise.resolve('declared');
  }

  @RiskLimit({ resource: 'ocr' })
  throwing(@Subject('user') userId: string): Promise<string> {
    throw new Error(`broken for ${userId}`);
  }

  @Loud('!')
  @RiskLimit({ resource: 'ocr' })
  @Loud('?')
  async loud(@Subject('user') userId: string): Promise<string> {
    return userId;
  }
}

class PremiumOcrService extends OcrService {
  override readonly prefix = 'fine text of ';
}

class HonestOcrService extends OcrService {
  @RiskLimit({ resource: 'honest-ocr' })
  override async submit(@Subject('owner') userId: string, url: string): Promise<string> {
    return `honest ${await super.submit(userId, url)}`;
  }
}

function limited<Service extends object>(instance: Service, max = 2): { service: Service; quota: FakeQuota } {
  const quota = countingQuota(max);
  return { service: bindQuota(instance, quota), quota };
}

describe('@RiskLimit', () => {
  it('asks before the method runs and hands its result back', async () => {
    const { service, quota } = limited(new OcrService());
    await expect(service.submit('u1', 'x.png')).resolves.toBe('text of x.png for u1');
    expect(quota.checks).toEqual([{ resource: 'ocr', subject: { user: 'u1' } }]);
  });

  // The one counter of a rule `per: []`.
  it('asks for the subject without attributes, where the option says so', async () => {
    class Exports {
      @RiskLimit({ resource: 'export', subject: () => ({}) })
      async run(): Promise<string> {
        return 'ran';
      }
    }
    const { service, quota } = limited(new Exports(), 1);
    await expect(service.run()).resolves.toBe('ran');
    await expect(service.run()).rejects.toThrow('The limit of "export" is reached.');
    const asked = { resource: 'export', subject: {} };
    expect(quota.checks).toEqual([asked, asked]);
  });

  it('covers self-calls', async () => {
    const { service } = limited(new OcrService(), 1);
    await expect(service.submitTwice('u1')).rejects.toThrow('The limit of "ocr" is reached.');
  });

  it('covers subclasses, with their own this', async () => {
    const { service, quota } = limited(new PremiumOcrService());
    await expect(service.submit('u1', 'x')).resolves.toBe('fine text of x for u1');
    expect(quota.checks).toHaveLength(1);
  });

  it('asks for an override and for the super call each by its own limit', async () => {
    const { service, quota } = limited(new HonestOcrService());
    await expect(service.submit('u1', 'x')).resolves.toBe('honest text of x for u1');
    expect(quota.checks).toEqual([
      { resource: 'honest-ocr', subject: { owner: 'u1' } },
      { resource: 'ocr', subject: { user: 'u1' } },
    ]);
  });

  it('guards a method that is not async but declares a promise, also when it throws at once', async () => {
    const { service } = limited(new OcrService());
    await expect(service.declared('u1')).resolves.toBe('declared');
    await expect(service.throwing('u2')).rejects.toThrow('broken for u2');
  });

  it('works above and below decorators that replace the method', async () => {
    const { service, quota } = limited(new OcrService());
    await expect(service.loud('u1')).resolves.toBe('u1?!');
    expect(quota.checks).toHaveLength(1);
  });

  it('works on an instance seen through a proxy or as a prototype', async () => {
    const { service, quota } = limited(new OcrService());
    await new Proxy(service, {}).submit('u1', 'x');
    await (Object.create(service) as OcrService).submit('u1', 'x');
    expect(quota.checks).toHaveLength(2);
  });

  it('keeps the name, length and own properties of the method', () => {
    const submit = OcrService.prototype.submit;
    expect(submit.name).toBe('submit');
    expect(submit).toHaveLength(2);

    const tagged = (_target: object, _name: string, descriptor: PropertyDescriptor): void => {
      (descriptor.value as { tag?: string }).tag = 'kept';
    };
    class Tagged {
      @RiskLimit({ resource: 'ocr' })
      @tagged
      async submit(@Subject('user') _user: string): Promise<void> {}
    }
    expect(Tagged.prototype.submit).toHaveProperty('tag', 'kept');
  });

  it('keeps the metadata of the method, whichever side the other decorators are on', () => {
    class Both {
      @SetMetadata('above', 1)
      @RiskLimit({ resource: 'ocr' })
      @SetMetadata('below', 2)
      @Post('ocr')
      @Header('x-a', 'b')
      async submit(@Subject('user') _user: string): Promise<void> {}
    }
    const { submit } = Both.prototype;
    expect(Reflect.getOwnMetadata('above', submit)).toBe(1);
    expect(Reflect.getOwnMetadata('below', submit)).toBe(2);
    expect(Reflect.getOwnMetadata('path', submit)).toBe('ocr');
    expect(Reflect.getOwnMetadata('__headers__', submit)).toEqual([{ name: 'x-a', value: 'b' }]);
    expect(Reflect.getMetadata('design:paramtypes', Both.prototype, 'submit')).toEqual([String]);
    expect(Reflect.getMetadata('design:returntype', Both.prototype, 'submit')).toBe(Promise);
  });
});

describe('@RiskLimit, when the class is defined,', () => {
  it('refuses a synchronous method', () => {
    const define = (): unknown => {
      class Broken {
        // @ts-expect-error -- the compiler refuses it too
        @RiskLimit({ resource: 'ocr' })
        submit(@Subject('user') userId: string): string {
          return userId;
        }
      }
      return Broken;
    };
    expect(define).toThrow(/^Broken\.submit: @RiskLimit needs an asynchronous method/);
  });

  it('refuses a method that returns an Observable', () => {
    const define = (): unknown => {
      class Broken {
        // @ts-expect-error -- the compiler refuses it too
        @RiskLimit({ resource: 'ocr' })
        submit(@Subject('user') userId: string): Observable<string> {
          return of(userId);
        }
      }
      return Broken;
    };
    expect(define).toThrow(/^Broken\.submit: @RiskLimit cannot guard an Observable/);
  });

  it('refuses an async generator, which would be asked only when it is read', () => {
    const define = (): unknown => {
      class Broken {
        @RiskLimit({ resource: 'ocr' })
        async *submit(@Subject('user') userId: string): AsyncGenerator<string> {
          yield userId;
        }
      }
      return Broken;
    };
    expect(define).toThrow(/^Broken\.submit: @RiskLimit needs an asynchronous method/);
  });

  it('refuses a method without any source of the subject', () => {
    const define = (): unknown => {
      class Broken {
        @RiskLimit({ resource: 'ocr' })
        async submit(_user: string): Promise<void> {}
      }
      return Broken;
    };
    expect(define).toThrow(/^Broken\.submit: nothing says who is counted/);
  });

  it('refuses two sources of the subject', () => {
    const define = (): unknown => {
      class Broken {
        @RiskLimit({ resource: 'ocr', subject: (user: string) => ({ user }) })
        async submit(@Subject('user') _user: string): Promise<void> {}
      }
      return Broken;
    };
    expect(define).toThrow(/^Broken\.submit: its subject comes from @Subject parameters and from/);
  });

  it('refuses a second @RiskLimit', () => {
    const define = (): unknown => {
      class Broken {
        @RiskLimit({ resource: 'ocr' })
        @RiskLimit({ resource: 'llm' })
        async submit(@Subject('user') _user: string): Promise<void> {}
      }
      return Broken;
    };
    expect(define).toThrow(/^Broken\.submit: it has two @RiskLimit/);
  });

  it.each([[''], ['-ocr'], ['a b'], ['ocr/1'], ['a'.repeat(129)]])(
    'refuses the resource "%s"',
    (resource) => {
      const define = (): unknown => {
        class Broken {
          @RiskLimit({ resource })
          async submit(@Subject('user') _user: string): Promise<void> {}
        }
        return Broken;
      };
      expect(define).toThrow(/^Broken\.submit: ".*" is no resource name/);
    },
  );

  it.each([[-1], [1.5], [Number.NaN], [2 ** 53]])('refuses the fixed amount %p', (amount) => {
    const define = (): unknown => {
      class Broken {
        @RiskLimit({ resource: 'ocr', amount })
        async submit(@Subject('user') _user: string): Promise<void> {}
      }
      return Broken;
    };
    expect(define).toThrow(/^Broken\.submit: its amount must be an integer of 0 to 9007199254740991, not /);
  });

  it('refuses what is no instance method', () => {
    const onStatic = (): unknown => {
      class Broken {
        @RiskLimit({ resource: 'ocr', subject: (user: string) => ({ user }) })
        static async submit(_user: string): Promise<void> {}
      }
      return Broken;
    };
    const onGetter = (): unknown => {
      class Broken {
        @RiskLimit({ resource: 'ocr', subject: () => ({ user: 'u1' }) })
        get submit(): () => Promise<void> {
          return async () => undefined;
        }
      }
      return Broken;
    };
    expect(onStatic).toThrow(/Broken\.submit: @RiskLimit is for instance methods/);
    expect(onGetter).toThrow(/Broken\.submit: @RiskLimit is for instance methods/);
  });
});

describe('the types of @RiskLimit', () => {
  it('give the option functions the arguments and the result of the method', () => {
    class Typed {
      @RiskLimit<Typed['submit']>({
        resource: 'ocr',
        subject: (user) => ({ user: user.toUpperCase() }),
        amount: (_user, pages) => pages + 1,
        amounts: (user, pages) => ({ tokens: user.length * pages }),
        operationId: (user) => user,
        onDenied: (decision, user, pages) => `${decision.reason} ${user} ${pages}`,
        onUnavailable: async (_error, user) => user,
      })
      async submit(user: string, pages: number): Promise<string> {
        return user.repeat(pages);
      }
    }
    class Untold {
      @RiskLimit({
        resource: 'ocr',
        subject: (user: string) => ({ user }),
        onDenied(this: Untold, _decision, user: string) {
          return this.submit(user);
        },
      })
      async submit(user: string): Promise<string> {
        return user;
      }
    }
    expect([Typed, Untold]).toHaveLength(2);
  });

  it('refuse functions that do not fit the method', () => {
    class Typed {
      // @ts-expect-error -- the first argument is a string
      @RiskLimit<Typed['submit']>({ resource: 'ocr', subject: (user: number) => ({ user: `${user}` }) })
      async submit(user: string): Promise<string> {
        return user;
      }

      // @ts-expect-error -- the method returns a string
      @RiskLimit<Typed['again']>({ resource: 'ocr', subject: (user) => ({ user }), onDenied: () => 5 })
      async again(user: string): Promise<string> {
        return user;
      }
    }
    expect(Typed).toBeDefined();
  });
});
