import { Controller, Get, Injectable, Logger, type ModuleMetadata, Scope } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { countingQuota } from '../../../test/support/counting-quota.js';
import { QuotaModule } from './quota.module.js';
import { RiskLimit } from './risk-limit.decorator.js';
import { Subject } from './subject.decorator.js';

@Injectable()
class OcrService {
  @RiskLimit({ resource: 'ocr' })
  async submit(@Subject('user') user: string): Promise<string> {
    return user;
  }
}

async function start(metadata: ModuleMetadata): Promise<unknown> {
  const imports = [QuotaModule.forRoot({ engine: countingQuota(1) })];
  return (await Test.createTestingModule({ imports, ...metadata }).compile()).init();
}

beforeAll(() => Logger.overrideLogger(false));

describe('an application does not start', () => {
  it('with limited methods and no QuotaModule', async () => {
    const compiled = Test.createTestingModule({ providers: [OcrService] }).compile();
    await expect(compiled).rejects.toThrow(/OcrService.*QuotaModule\.forRoot\(\)/s);
  });

  it.each([[Scope.DEFAULT], [Scope.REQUEST], [Scope.TRANSIENT]])(
    'with a @Subject that no @RiskLimit reads, in a provider of scope %s',
    async (scope) => {
      @Injectable({ scope })
      class Forgotten {
        async submit(@Subject('user') _user: string): Promise<void> {}
      }
      await expect(start({ providers: [Forgotten] })).rejects.toThrow(
        /^Forgotten\.submit: it has a @Subject parameter but no @RiskLimit/,
      );
    },
  );

  it('with such a @Subject in a controller, or in an override of a limited method', async () => {
    @Controller('forgotten')
    class ForgottenController {
      @Get()
      async submit(@Subject('user') _user: string): Promise<void> {}
    }
    class Overriding extends OcrService {
      override async submit(@Subject('user') user: string): Promise<string> {
        return user;
      }
    }
    await expect(start({ controllers: [ForgottenController] })).rejects.toThrow(
      /^ForgottenController\.submit: /,
    );
    await expect(start({ providers: [Overriding] })).rejects.toThrow(/^Overriding\.submit: /);
  });

  it.each([[{}], [{ engine: countingQuota(1), client: countingQuota(1) }], [{ engine: undefined }]])(
    'with neither engine nor client, or with both',
    async (options) => {
      const imports = [QuotaModule.forRoot(options as never)];
      await expect(Test.createTestingModule({ imports }).compile()).rejects.toThrow(
        /one of \{ engine \}.*\{ client \}/,
      );
    },
  );
});
