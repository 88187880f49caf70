import fc from 'fast-check'

/** External IDs, right ones and ones that are wrong by one character or by their length. */
export const externalIds = fc.oneof(
  fc.stringMatching(/^[\w+=,.@:/-]{0,20}$/),
  fc
    .tuple(fc.stringMatching(/^[\w+=,.@:/-]{2,10}$/), fc.string({ maxLength: 1 }))
    .map(([id, more]) => id + more),
  fc
    .tuple(fc.stringMatching(/^[\w-]{2,10}$/), fc.constantFrom('\n', ' ', 'é', '$', '*', '?'))
    .map(([id, more]) => id + more),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(0, 1, 2, 3, 1223, 1224, 1225, 2448).map((length) => 'x'.repeat(length)),
)

/** What can be pasted for the ARN that Cairn runs as, and whether a role can trust it. */
export const principals: Record<string, boolean> = {
  'arn:aws:iam::123456789012:role/cairn': true,
  'arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_X_1a': true,
  'arn:aws-us-gov:iam::123456789012:role/cairn': true,
  'arn:aws-cn:iam::123456789012:user/cairn': true,
  'arn:aws:iam::123456789012:root': false,
  'arn:aws:sts::123456789012:assumed-role/cairn/session': false,
  'arn:aws:iam::12345678901:role/cairn': false,
  'arn:aws:iam::*:role/cairn': false,
  'arn:aws:iam::123456789012:role/*': false,
  'arn:aws:iam::123456789012:role/': false,
  'arn:aws-x:iam::123456789012:role/cairn': false,
  ' arn:aws:iam::123456789012:role/cairn': false,
  '*': false,
  '': false,
}
