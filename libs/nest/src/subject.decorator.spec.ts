import { describe, expect, it } from '@jest/globals';
import { CountingQuota } from '../../../test/support/counting-quota.js';
import { bindQuota } from './bound-quota.js';
import { RiskLimit } from './risk-limit.decorator.js';
import { RiskLimitMisuseError } from './risk-limit-misuse.error.js';
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
  const quota = new CountingQuota(100);
  const ocr = bindQuota(new OcrService(), quota);
  return { ocr, subjects: () => quota.requests.map(({ subject }) => subject) };
}

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

  it.each([[1.5], [Number.NaN], [true], [{ id: 1 }], [['u1']], [() => 'u1']])(
    'refuses a value that could be mistaken for another subject: %p',
    async (value) => {
      const { ocr, subjects } = service();
      await expect(ocr.whole(value)).rejects.toThrow(
        /^OcrService\.whole: @Subject\('user'\) must be a string or a whole number/,
      );
      expect(subjects()).toEqual([]);
    },
  );

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
