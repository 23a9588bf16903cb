/**
 * What replies have that browsers show as pages or use in them, beside a content security policy of their own: nothing frames
 * them, uses them elsewhere or learns from them where they were, and they have no use for what a browser could let them do.
 */
export const pageHeaders = {
  'referrer-policy': 'no-referrer',
  // For what is too old to know frame-ancestors.
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
};
