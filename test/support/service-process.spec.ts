import { describe, expect, it } from '@jest/globals';
import { ServiceProcess } from './service-process.js';

describe('ServiceProcess', () => {
  it('is live once started, and ends with 0 when asked to stop', async () => {
    const service = await ServiceProcess.start();
    expect((await service.fetchJson('GET', '/health/live')).status).toBe(200);
    expect(await service.stop()).toBe(0);
  });

  it('runs under a shifted clock', async () => {
    const shiftedClockMs = Date.UTC(2030, 0, 1) - Date.now();
    const service = await ServiceProcess.start({ shiftedClockMs });
    const body = { resource: 'ocr', subject: { user: 'u1' } };
    const answer = await service.fetchJson('POST', '/check', body);
    await service.stop();
    expect(answer.body.limits[0].startsAt).toMatch(/^2030-01-01T/);
  });

  it('says what a service printed that did not start', async () => {
    await expect(ServiceProcess.start({ env: { PORT: 'none' } })).rejects.toThrow(/did not start:\n[^]*PORT/);
  });

  it('gives the signal that killed it', async () => {
    const service = await ServiceProcess.launch();
    expect(await service.stop('SIGKILL')).toBe('SIGKILL');
  });
});
