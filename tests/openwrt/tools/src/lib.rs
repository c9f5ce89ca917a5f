//! Empty: this package is only a name for the sources it brings.
