"""What holds for the project as a whole: layers, pages, sizes, the wheel, the README."""
