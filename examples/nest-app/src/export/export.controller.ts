import { Controller, Get, Header, Headers, ServiceUnavailableException, UseGuards } from '@nestjs/common';
import { RiskLimit, RiskLimitExceededException, Subject } from '@sundial/nest';
import { SignInGuard } from '../sign-in/sign-in.guard.js';

@Controller('export')
@UseGuards(SignInGuard)
export class ExportController {
  /**
   * On a controller it works alike. Here cost goes before business: where no service answers, the client refuses it
   * (`fallback` in quota.ts).
   */
  @Get()
  @Header('Content-Type', 'text/csv')
  @RiskLimit<ExportController['csv']>({
    resource: 'export',
    onDenied: (decision) => {
      if (decision.degraded === null) throw new RiskLimitExceededException('export', decision);
      throw new ServiceUnavailableException('Exports are paused. Try again in a minute.');
    },
  })
  async csv(@Subject('user') @Headers('x-user') userId: string): Promise<string> {
    return `user,recognitions\n${userId},3\n`;
  }
}
