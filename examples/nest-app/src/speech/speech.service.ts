import { Injectable } from '@nestjs/common';
import type { OnDeny } from '@sundial/contract';
import { RiskLimit, Subject } from '@sundial/nest';

export interface Pupil {
  readonly id: string;
  readonly profile: { readonly grade: number };
}

export type Scoring = { readonly score: number } | { readonly offer: OnDeny | undefined };

@Injectable()
export class SpeechService {
  /** Denied: no error but a business flow, the offer that the rule names. */
  @RiskLimit<SpeechService['score']>({
    resource: 'speech-scoring',
    onDenied: (decision) => ({ offer: decision.onDeny }),
  })
  async score(
    @Subject('user', 'id') @Subject('grade', (pupil: Pupil) => pupil.profile.grade) pupil: Pupil,
    recording: string,
  ): Promise<Scoring> {
    return { score: 60 + ((pupil.id.length + recording.length) % 40) };
  }
}
