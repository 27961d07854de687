"""Vendors: one file each, found by `registry`. `docs/add-a-vendor.md` tells how to add one."""
