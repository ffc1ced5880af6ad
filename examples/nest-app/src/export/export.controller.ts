import { Controller, Get, Header, Headers, ServiceUnavailableException, UseGuards } from '@nestjs/common';
import { RiskLimit, Subject } from '@sundial/nest';
import { SignInGuard } from '../sign-in/sign-in.guard.js';

@Controller('export')
@UseGuards(SignInGuard)
export class ExportController {
  /** On a controller it works alike. Here cost goes before business: without a decision there is no export. */
  @Get()
  @Header('Content-Type', 'text/csv')
  @RiskLimit<ExportController['csv']>({
    resource: 'export',
    onUnavailable: () => {
      throw new ServiceUnavailableException('Exports are paused. Try again in a minute.');
    },
  })
  async csv(@Subject('user') @Headers('x-user') userId: string): Promise<string> {
    return `user,recognitions\n${userId},3\n`;
  }
}
