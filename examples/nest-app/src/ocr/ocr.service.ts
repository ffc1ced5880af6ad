import { Injectable } from '@nestjs/common';
import { RiskLimit, Subject } from '@sundial/nest';

export interface Recognition {
  readonly imageUrl: string;
  readonly text: string;
}

@Injectable()
export class OcrService {
  /** Costs money, so it is limited here, whether a controller, a job or another service calls it. Denied: 429. */
  @RiskLimit({ resource: 'ocr' })
  async recognize(@Subject('user') userId: string, imageUrl: string): Promise<Recognition> {
    return { imageUrl, text: `The homework of ${userId}` };
  }
}
