/** Whether a promise resolves within `ms`. */
export async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<false>()
  const timer = setTimeout(() => late.resolve(false), ms)
  const done = await Promise.race([promise.then(() => true), late.promise])
  clearTimeout(timer)
  return done
}
