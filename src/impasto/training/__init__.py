"""Training: photographs, the fitting loop, distillation and export (needs the extra ``train``)."""
