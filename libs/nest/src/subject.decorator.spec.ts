import { Logger } from '@nestjs/common';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { countingQuota } from '../../../test/support/counting-quota.js';
import { bindQuota } from './bound-quota.js';
import { RiskLimit } from './risk-limit.decorator.js';
import { RiskLimitMisuseError } from './risk-limit-misuse.error.js';
import { RiskLimitRequestException } from './risk-limit-request.exception.js';
import { Subject } from './subject.decorator.js';

class Profile {
  constructor(private readonly birthYear: number) {}
  get grade(): string {
    return `born ${this.birthYear}`;
  }
}

interface Pupil {
  readonly id?: unknown;
  readonly profile?: { readonly grade?: unknown } | null;
}

class OcrService {
  @RiskLimit({ resource: 'whole' })
  async whole(@Subject('user') _user: unknown): Promise<void> {}

  @RiskLimit({ resource: 'path' })
  async path(_url: string, @Subject('grade', 'profile.grade') _pupil: Pupil | undefined): Promise<void> {}

  @RiskLimit({ resource: 'function' })
  async chosen(@Subject('grade', (pupil) => pupil.profile.grade) _pupil: Pupil): Promise<void> {}

  @RiskLimit({ resource: 'both' })
  async both(
    @Subject('user', 'id') @Subject('grade', 'profile.grade') _pupil: Pupil,
    @Subject('school') _school: string,
  ): Promise<void> {}
}

function service(): { ocr: OcrService; subjects: () => unknown[] } {
  const quota = countingQuota(100);
  const ocr = bindQuota(new OcrService(), quota);
  return { ocr, subjects: () => quota.checks.map(({ subject }) => subject) };
}

beforeAll(() => Logger.overrideLogger(false));

describe('@Subject', () => {
  it('takes the argument itself', async () => {
    const { ocr, subjects } = service();
    await ocr.whole('u1');
    expect(subjects()).toEqual([{ user: 'u1' }]);
  });

  it('follows a dotted path, through getters too', async () => {
    const { ocr, subjects } = service();
    await ocr.path('x', { profile: { grade: '3' } });
    await ocr.path('x', { profile: new Profile(2015) });
    expect(subjects()).toEqual([{ grade: '3' }, { grade: 'born 2015' }]);
  });

  it('calls a function of the argument', async () => {
    const { ocr, subjects } = service();
    await ocr.chosen({ profile: { grade: '4' } });
    expect(subjects()).toEqual([{ grade: '4' }]);
  });

  it('reads several attributes from one argument, and from several', async () => {
    const { ocr, subjects } = service();
    await ocr.both({ id: 'u1', profile: { grade: '3' } }, 's1');
    expect(subjects()).toEqual([{ user: 'u1', grade: '3', school: 's1' }]);
  });

  it('takes whole numbers as their digits', async () => {
    const { ocr, subjects } = service();
    await ocr.whole(42);
    await ocr.whole(9_007_199_254_740_993n);
    expect(subjects()).toEqual([{ user: '42' }, { user: '9007199254740993' }]);
  });

  it.each([[undefined], [{}], [{ profile: null }], [{ profile: { grade: null } }]])(
    'leaves the attribute out when %j does not have it',
    async (pupil) => {
      const { ocr, subjects } = service();
      await ocr.path('x', pupil);
      expect(subjects()).toEqual([{}]);
    },
  );

  it.each([
    ['', 'must not be empty'],
    ['x'.repeat(257), 'must have at most 256 characters'],
    ['😀'.repeat(257), 'must have at most 256 characters'],
    [10n ** 300n, 'must have at most 256 characters'],
    [1.5, 'must be a string or a whole number, not 1.5'],
    [2 ** 53, 'must be a string or a whole number, not 9007199254740992'],
    [Number.NaN, 'must be a string or a whole number, not NaN'],
    [true, 'must be a string or a whole number, not a value of type boolean'],
    [['u1'], 'must be a string or a whole number, not a list'],
    [{ id: 1 }, 'must be a string or a whole number, not a value of type object'],
    [Object.create(null), 'must be a string or a whole number, not a value of type object'],
  ])('blames the caller for what a request can have brought: %p', async (value, message) => {
    const { ocr, subjects } = service();
    const error = await ocr.whole(value).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RiskLimitRequestException);
    expect((error as RiskLimitRequestException).getStatus()).toBe(400);
    expect((error as RiskLimitRequestException).problem).toEqual({
      type: 'urn:sundial:problem:invalid-request',
      title: 'The request is not valid',
      status: 400,
      detail: `subject.user: ${message}`,
      code: 'invalid-request',
      resource: 'whole',
      errors: [{ path: 'subject.user', message }],
    });
    expect(subjects()).toEqual([]);
  });

  it.each([
    [new Date(0), 'an instance of Date'],
    [new Profile(2015), 'an instance of Profile'],
    [Promise.resolve('u1'), 'an instance of Promise'],
    [() => 'u1', 'a value of type function'],
    [Symbol('u1'), 'a value of type symbol'],
  ])('blames the program for what no request brings: %p', async (value, kind) => {
    const { ocr, subjects } = service();
    const call = ocr.whole(value);
    await expect(call).rejects.toBeInstanceOf(RiskLimitMisuseError);
    await expect(call).rejects.toThrow(
      `OcrService.whole: its attribute "user" must be a string or a whole number, not ${kind}.`,
    );
    expect(subjects()).toEqual([]);
  });

  it('takes 256 characters, however many units of JavaScript they are', async () => {
    const { ocr, subjects } = service();
    await ocr.whole('😀'.repeat(256));
    expect(subjects()).toEqual([{ user: '😀'.repeat(256) }]);
  });

  it.each([[undefined], [null]])('leaves the attribute out when its function fails on %p', async (pupil) => {
    const { ocr, subjects } = service();
    await ocr.chosen(pupil as never);
    expect(subjects()).toEqual([{}]);
  });

  it('lists all that is wrong with what the caller sent', async () => {
    const { ocr } = service();
    const error = await ocr.both({ id: [1] }, '').catch((reason: unknown) => reason);
    expect((error as RiskLimitRequestException).problem.errors?.map(({ path }) => path).sort()).toEqual([
      'subject.school',
      'subject.user',
    ]);
  });

  it('names the method when its function fails', async () => {
    const { ocr } = service();
    const call = ocr.chosen({});
    await expect(call).rejects.toBeInstanceOf(RiskLimitMisuseError);
    await expect(call).rejects.toThrow(/^OcrService\.chosen: .*grade/);
  });
});

describe('@Subject, when the class is defined,', () => {
  it.each([['User'], ['1st'], ['resource'], ['a b'], [''], ['__proto__'], ['a'.repeat(33)]])(
    'refuses the attribute name "%s"',
    (attribute) => {
      const define = (): unknown => {
        class Broken {
          @RiskLimit({ resource: 'ocr' })
          async submit(@Subject(attribute) _user: string): Promise<void> {}
        }
        return Broken;
      };
      expect(define).toThrow(/^Broken\.submit: @Subject\('.*'\) is no attribute name/);
    },
  );

  it.each([[''], ['.grade'], ['profile..grade'], ['profile.']])('refuses the path "%s"', (path) => {
    const define = (): unknown => {
      class Broken {
        @RiskLimit({ resource: 'ocr' })
        async submit(@Subject('grade', path) _pupil: Pupil): Promise<void> {}
      }
      return Broken;
    };
    expect(define).toThrow(/^Broken\.submit: .* is no path/);
  });

  it('refuses one attribute on two parameters', () => {
    const define = (): unknown => {
      class Broken {
        @RiskLimit({ resource: 'ocr' })
        async submit(@Subject('user') _one: string, @Subject('user') _two: string): Promise<void> {}
      }
      return Broken;
    };
    expect(define).toThrow(/^Broken\.submit: two parameters are @Subject\('user'\)/);
  });

  it('refuses a ninth attribute', () => {
    const define = (): unknown => {
      class Broken {
        @RiskLimit({ resource: 'ocr' })
        async submit(
          @Subject('a') @Subject('b') @Subject('c') @Subject('d') @Subject('e') _five: string,
          @Subject('f') @Subject('g') @Subject('h') @Subject('i') _four: string,
        ): Promise<void> {}
      }
      return Broken;
    };
    expect(define).toThrow(/^Broken\.submit: a subject has at most 8 attributes/);
  });

  it('refuses parameters of constructors and static methods', () => {
    const onConstructor = (): unknown => {
      class Broken {
        constructor(@Subject('user') readonly user: string) {}
      }
      return Broken;
    };
    const onStatic = (): unknown => {
      class Broken {
        static async submit(@Subject('user') _user: string): Promise<void> {}
      }
      return Broken;
    };
    expect(onConstructor).toThrow(/^Broken\.constructor: @Subject is for parameters of instance methods/);
    expect(onStatic).toThrow(/^Broken\.submit: @Subject is for parameters of instance methods/);
  });
});
