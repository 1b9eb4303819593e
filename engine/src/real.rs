//! The only door to transcendental functions: `libm`'s portable code, the same bits on every target.
//! (`sqrt`, `abs`, `floor` and the four operations are exact in IEEE 754 and may be used directly.)

/// Sine of radians.
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}
/// Cosine of radians.
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}
/// Sine and cosine of radians.
pub fn sin_cos(x: f64) -> (f64, f64) {
    libm::sincos(x)
}
/// Tangent of radians.
pub fn tan(x: f64) -> f64 {
    libm::tan(x)
}
/// Arc tangent.
pub fn atan(x: f64) -> f64 {
    libm::atan(x)
}
/// Angle of `(x, y)` in radians.
pub fn atan2(y: f64, x: f64) -> f64 {
    libm::atan2(y, x)
}
/// Arc cosine.
pub fn acos(x: f64) -> f64 {
    libm::acos(x)
}
/// Arc sine.
pub fn asin(x: f64) -> f64 {
    libm::asin(x)
}
/// `e^x`.
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}
/// Natural logarithm.
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}
/// `x^y`.
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}
/// Length of `(x, y)`.
pub fn hypot(x: f64, y: f64) -> f64 {
    (x * x + y * y).sqrt()
}
/// Sine, single precision.
pub fn sinf(x: f32) -> f32 {
    libm::sinf(x)
}
/// Cosine, single precision.
pub fn cosf(x: f32) -> f32 {
    libm::cosf(x)
}
/// Angle of `(x, y)`, single precision.
pub fn atan2f(y: f32, x: f32) -> f32 {
    libm::atan2f(y, x)
}
/// Hyperbolic tangent, single precision.
pub fn tanhf(x: f32) -> f32 {
    libm::tanhf(x)
}
/// The same angle in (-pi, pi].
pub fn wrap_angle(a: f64) -> f64 {
    let t = std::f64::consts::TAU;
    let r = a - t * ((a + std::f64::consts::PI) / t).floor();
    if r <= -std::f64::consts::PI { r + t } else { r }
}
