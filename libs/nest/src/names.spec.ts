import { describe, expect, it } from '@jest/globals';
import { checkRequestSchema } from '@sundial/engine';
import { ATTRIBUTE, MAX_ATTRIBUTES, RESOURCE } from './names.js';

describe('the names that decorators accept', () => {
  it('are those that the engine accepts', () => {
    const { resource, subject } = checkRequestSchema.properties;
    expect(RESOURCE.source).toBe(resource.pattern);
    expect([ATTRIBUTE.source]).toEqual(Object.keys(subject.patternProperties));
    expect(MAX_ATTRIBUTES).toBe(subject.maxProperties);
  });
});
